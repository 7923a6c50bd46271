/// Records, or pairs of them, in the order of the sources, each put together when it is asked for: a person is shown twenty of a million.
package struct RecordListing<Element: Equatable & Sendable>: RandomAccessCollection, Equatable, Sendable {
  private let rows: [Int]
  private let told: @Sendable (Int) -> Element

  init(_ rows: [Int], _ told: @escaping @Sendable (Int) -> Element) { (self.rows, self.told) = (rows, told) }

  package var startIndex: Int { 0 }
  package var endIndex: Int { rows.count }
  package subscript(position: Int) -> Element { told(rows[position]) }

  package static func == (left: Self, right: Self) -> Bool { left.elementsEqual(right) }
}
