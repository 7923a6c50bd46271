internal import CKernels

/// Rows of numbers at a fixed distance: element (i, j) is start[i·stride + j].
struct MatrixRows {
  let start: UnsafeMutablePointer<Float>
  let stride: Int

  /// The same rows from column `first` on.
  func columns(from first: Int) -> MatrixRows { MatrixRows(start: start + first, stride: stride) }

  var view: ck_matrix { .rows(start, stride: stride) }
  var transposedView: ck_matrix { .transposed(start, stride: stride) }
}

extension ck_matrix {
  /// Element (i, j) is start[i·stride + j].
  static func rows(_ start: UnsafePointer<Float>, stride: Int) -> ck_matrix { ck_matrix(data: start, row_stride: stride, column_stride: 1) }

  /// Element (i, j) is start[j·stride + i].
  static func transposed(_ start: UnsafePointer<Float>, stride: Int) -> ck_matrix { ck_matrix(data: start, row_stride: 1, column_stride: stride) }

  func reversedColumns(_ count: Int) -> ck_matrix {
    ck_matrix(data: data + (count - 1) * column_stride, row_stride: row_stride, column_stride: -column_stride)
  }

  func reversedRows(_ count: Int) -> ck_matrix {
    ck_matrix(data: data + (count - 1) * row_stride, row_stride: -row_stride, column_stride: column_stride)
  }

  func everySecondColumn(from first: Int) -> ck_matrix {
    ck_matrix(data: data + first * column_stride, row_stride: row_stride, column_stride: 2 * column_stride)
  }

  func everySecondRow(from first: Int) -> ck_matrix {
    ck_matrix(data: data + first * row_stride, row_stride: 2 * row_stride, column_stride: column_stride)
  }
}
