/// The keys and values of one layer for every token read so far: rows of [key heads × head dimension], keys turned by their positions.
final class KeyValueCache {
  let width: Int
  private(set) var count = 0
  private let keys: FloatBuffer
  private let values: FloatBuffer

  init(capacity: Int, width: Int) {
    self.width = width
    keys = FloatBuffer(uninitializedCount: capacity * width)
    values = FloatBuffer(uninitializedCount: capacity * width)
  }

  var keyStart: UnsafeMutablePointer<Float> { keys.start }
  var valueStart: UnsafeMutablePointer<Float> { values.start }

  func append(keys newKeys: MatrixRows, values newValues: MatrixRows, rows: Int) {
    precondition((count + rows) * width <= keys.count, "the cache was made for fewer tokens")
    for row in 0..<rows {
      (keys.start + (count + row) * width).update(from: newKeys.start + row * newKeys.stride, count: width)
      (values.start + (count + row) * width).update(from: newValues.start + row * newValues.stride, count: width)
    }
    count += rows
  }
}
