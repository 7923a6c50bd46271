// Products: arguments shared by gemm.c with the bodies, and the bodies.
//
// Every element of c is one chain of fused multiply-adds over p = 0 … k−1. A tile of c lives in registers while p runs over a block of
// k, is stored as it is, and loaded again for the next block: storing a float32 changes nothing, so blocking cannot be seen in a result.
// Columns are the vector lanes; no lane ever meets another one.
#ifndef CK_GEMM_H
#define CK_GEMM_H

#include "paths.h"

struct ck_packed {
  ck_path path;
  ck_index k, n, tile_columns;
  // Panels of tile_columns columns; in a panel, row p holds its columns. Columns beyond n are +0 and are never stored to c.
  float *panels;
};

typedef struct product_arguments {
  ck_index m, n, k;
  ck_matrix a, b;
  // Where b was packed before; then `b` is unused.
  const ck_packed *packed;
  // The chain goes on over this pair; its k is 0 where there is none, and small.
  ck_tail tail;
  float *c;
  ck_index c_stride;
  bool accumulate;
  // c holds the transpose: element (i, j) of the product is c[j·c_stride + i].
  bool transposed;
  // Outputs are cut into cells of row_block × column_block, numbered row by row.
  ck_index row_block, column_block, columns_of_cells;
} product_arguments;

typedef struct pack_arguments {
  ck_index k, n;
  const void *data;
  ck_element element;
  ck_index row_stride, column_stride;
  float *panels;
} pack_arguments;

#endif

#if defined(CK_LANES)

// Rows of b in a block of k: the tile's rows of a, 24 KB, stay in the first-level cache, and b's panel comes from the second as fast as it is used.
// Each block stores and loads c once more, so that blocks short enough for a panel in the first level (288) cost three hundredths of a product.
#ifndef CK_BLOCK_K
#define CK_BLOCK_K 768
#endif
// Rows of a packed at a time: they stay in the second-level cache.
#ifndef CK_BLOCK_M
#define CK_BLOCK_M 240
#endif

enum { TILE_ROWS = CK_TILE_ROWS, TILE_VECTORS = CK_TILE_VECTORS, TILE_COLUMNS = TILE_VECTORS * CK_LANES };

// c[rows × vectors·CK_LANES] over k; a(i, p) = a[i·a_row + p·a_column], b's row p starts at b[p·b_row].
CK_INLINE void tile(
  const int rows, const int vectors, ck_index k, const float *a, ck_index a_row, ck_index a_column, const float *b, ck_index b_row,
  float *c, ck_index c_row, bool from_stored) {
  ck_v sum[TILE_ROWS][TILE_VECTORS];
#pragma unroll
  for (int i = 0; i < rows; i++)
#pragma unroll
    for (int v = 0; v < vectors; v++) sum[i][v] = from_stored ? load(c + i * c_row + v * CK_LANES) : (ck_v)0.0f;
#pragma clang loop unroll_count(CK_TILE_UNROLL)
  for (ck_index p = 0; p < k; p++) {
    ck_v row[TILE_VECTORS];
#pragma unroll
    for (int v = 0; v < vectors; v++) row[v] = load(b + v * CK_LANES);
#pragma unroll
    for (int i = 0; i < rows; i++) {
      ck_v factor = splat(a[i * a_row]);
#pragma unroll
      for (int v = 0; v < vectors; v++) sum[i][v] = fma_v(factor, row[v], sum[i][v]);
    }
    a += a_column;
    b += b_row;
  }
#pragma unroll
  for (int i = 0; i < rows; i++)
#pragma unroll
    for (int v = 0; v < vectors; v++) store(c + i * c_row + v * CK_LANES, sum[i][v]);
}

typedef void tile_body(
  ck_index k, const float *a, ck_index a_row, ck_index a_column, const float *b, ck_index b_row, float *c, ck_index c_row,
  bool from_stored);

// One function for each height and width; `packed` ones know a's strides when they are compiled.
#define DEFINE_TILE(rows, vectors)                                                                                               \
  static void tile_##rows##x##vectors(                                                                                           \
    ck_index k, const float *a, ck_index a_row, ck_index a_column, const float *b, ck_index b_row, float *c, ck_index c_row,     \
    bool from_stored) {                                                                                                          \
    tile(rows, vectors, k, a, a_row, a_column, b, b_row, c, c_row, from_stored);                                                 \
  }
#if CK_TILE_VECTORS == 3
#define DEFINE_TILES(rows) DEFINE_TILE(rows, 1) DEFINE_TILE(rows, 2) DEFINE_TILE(rows, 3)
#define TILES_OF(rows) {tile_##rows##x1, tile_##rows##x2, tile_##rows##x3}
#else
#define DEFINE_TILES(rows) DEFINE_TILE(rows, 1) DEFINE_TILE(rows, 2)
#define TILES_OF(rows) {tile_##rows##x1, tile_##rows##x2}
#endif

DEFINE_TILES(1)
DEFINE_TILES(2)
DEFINE_TILES(3)
DEFINE_TILES(4)
#if CK_TILE_ROWS >= 6
DEFINE_TILES(5)
DEFINE_TILES(6)
#endif
#if CK_TILE_ROWS == 8
DEFINE_TILES(7)
DEFINE_TILES(8)
#endif

static void tile_packed(
  ck_index k, const float *a, ck_index a_row, ck_index a_column, const float *b, ck_index b_row, float *c, ck_index c_row,
  bool from_stored) {
  (void)a_row, (void)a_column, (void)b_row;
  tile(TILE_ROWS, TILE_VECTORS, k, a, 1, TILE_ROWS, b, TILE_COLUMNS, c, c_row, from_stored);
}

static tile_body *const tiles[TILE_ROWS][TILE_VECTORS] = {
  TILES_OF(1), TILES_OF(2), TILES_OF(3), TILES_OF(4),
#if CK_TILE_ROWS >= 6
  TILES_OF(5), TILES_OF(6),
#endif
#if CK_TILE_ROWS == 8
  TILES_OF(7), TILES_OF(8),
#endif
};

// A tile whose columns do not fill vectors works on a copy of c; b must be readable up to whole vectors.
static void tile_some(
  ck_index rows, ck_index columns, ck_index k, const float *a, ck_index a_row, ck_index a_column, const float *b, ck_index b_row,
  float *c, ck_index c_row, bool from_stored) {
  ck_index vectors = ck_blocks(columns, CK_LANES);
  tile_body *body = tiles[rows - 1][vectors - 1];
  if (rows == TILE_ROWS && vectors == TILE_VECTORS && a_row == 1 && a_column == TILE_ROWS && b_row == TILE_COLUMNS) body = tile_packed;
  if (columns == vectors * CK_LANES) {
    body(k, a, a_row, a_column, b, b_row, c, c_row, from_stored);
    return;
  }
  float copy[TILE_ROWS * TILE_COLUMNS] __attribute__((aligned(64)));
  if (from_stored)
    for (ck_index i = 0; i < rows; i++) {
      for (ck_index j = columns; j < vectors * CK_LANES; j++) copy[i * TILE_COLUMNS + j] = 0;
      memcpy(copy + i * TILE_COLUMNS, c + i * c_row, (size_t)columns * sizeof(float));
    }
  body(k, a, a_row, a_column, b, b_row, copy, TILE_COLUMNS, from_stored);
  for (ck_index i = 0; i < rows; i++) memcpy(c + i * c_row, copy + i * TILE_COLUMNS, (size_t)columns * sizeof(float));
}

// A product of operands that are read where they lie; b's rows are contiguous and readable up to whole vectors.
static void product_in_place(
  ck_index m, ck_index n, ck_index k, const float *a, ck_index a_row, ck_index a_column, const float *b, ck_index b_row, float *c,
  ck_index c_row, bool from_stored) {
  for (ck_index j = 0; j < n; j += TILE_COLUMNS)
    for (ck_index i = 0; i < m; i += TILE_ROWS)
      tile_some(
        ck_least(TILE_ROWS, m - i), ck_least(TILE_COLUMNS, n - j), k, a + i * a_row, a_row, a_column, b + j, b_row, c + i * c_row + j,
        c_row, from_stored);
}

// MARK: Narrow products

#if CK_LANES >= 8
// Up to eight columns, as of a LoRA of rank 8, would leave half of sixteen lanes idle, and too few chains for the units: half a vector, twice the rows.
enum { NARROW_COLUMNS = 8, NARROW_ROWS = 2 * CK_TILE_ROWS, NARROW_DEPTH = 512 };
typedef float ck_v8 __attribute__((ext_vector_type(8)));

// c[rows × 8] over k, as `tile`.
CK_INLINE void narrow_tile(
  const int rows, ck_index k, const float *a, ck_index a_row, ck_index a_column, const float *b, ck_index b_row, float *c, ck_index c_row,
  bool from_stored) {
  ck_v8 sum[NARROW_ROWS];
#pragma unroll
  for (int i = 0; i < rows; i++) {
    sum[i] = (ck_v8)0.0f;
    if (from_stored) memcpy(&sum[i], c + i * c_row, sizeof sum[i]);
  }
  for (ck_index p = 0; p < k; p++) {
    ck_v8 row;
    memcpy(&row, b + p * b_row, sizeof row);
#pragma unroll
    for (int i = 0; i < rows; i++) sum[i] = __builtin_elementwise_fma((ck_v8)a[i * a_row + p * a_column], row, sum[i]);
  }
#pragma unroll
  for (int i = 0; i < rows; i++) memcpy(c + i * c_row, &sum[i], sizeof sum[i]);
}

static void narrow_rows(
  ck_index rows, ck_index k, const float *a, ck_index a_row, ck_index a_column, const float *b, ck_index b_row, float *c, ck_index c_row,
  bool from_stored) {
  ck_index i = 0;
  for (; i + NARROW_ROWS <= rows; i += NARROW_ROWS)
    narrow_tile(NARROW_ROWS, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, from_stored);
  for (; i + 4 <= rows; i += 4) narrow_tile(4, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, from_stored);
  for (; i < rows; i++) narrow_tile(1, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, from_stored);
}
#else
enum { NARROW_COLUMNS = 0 };
#endif

// MARK: Packing

typedef float ck_v4 __attribute__((ext_vector_type(4)));

// out[c·out_stride + r] = in[r·in_stride + c], four by four in registers.
static void transpose(ck_index rows, ck_index columns, const float *in, ck_index in_stride, float *out, ck_index out_stride) {
  ck_index r = 0;
  for (; r + 4 <= rows; r += 4) {
    ck_index c = 0;
    for (; c + 4 <= columns; c += 4) {
      ck_v4 a[4], half[4];
      for (int i = 0; i < 4; i++) memcpy(&a[i], in + (r + i) * in_stride + c, sizeof a[i]);
      half[0] = __builtin_shufflevector(a[0], a[1], 0, 4, 1, 5);
      half[1] = __builtin_shufflevector(a[2], a[3], 0, 4, 1, 5);
      half[2] = __builtin_shufflevector(a[0], a[1], 2, 6, 3, 7);
      half[3] = __builtin_shufflevector(a[2], a[3], 2, 6, 3, 7);
      a[0] = __builtin_shufflevector(half[0], half[1], 0, 1, 4, 5);
      a[1] = __builtin_shufflevector(half[0], half[1], 2, 3, 6, 7);
      a[2] = __builtin_shufflevector(half[2], half[3], 0, 1, 4, 5);
      a[3] = __builtin_shufflevector(half[2], half[3], 2, 3, 6, 7);
      for (int i = 0; i < 4; i++) memcpy(out + (c + i) * out_stride + r, &a[i], sizeof a[i]);
    }
    for (; c < columns; c++)
      for (ck_index i = r; i < r + 4; i++) out[c * out_stride + i] = in[i * in_stride + c];
  }
  for (; r < rows; r++)
    for (ck_index c = 0; c < columns; c++) out[c * out_stride + r] = in[r * in_stride + c];
}

#if CK_LANES == 16 && CK_TILE_ROWS == 8
// out[c·8 + r] = in[r·in_stride + c] for eight rows and sixteen columns: a tile's rows of a, laid out. Within each quarter of a vector four rows
// are transposed; then the quarters of rows 0 … 3 and 4 … 7 stand together.
CK_INLINE void transpose_8x16(const float *in, ck_index in_stride, float *out) {
  ck_v rows[8], pairs[8], fours[8];
#pragma unroll
  for (int r = 0; r < 8; r++) rows[r] = load(in + r * in_stride);
#pragma unroll
  for (int r = 0; r < 8; r += 2) {
    pairs[r] = __builtin_shufflevector(rows[r], rows[r + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    pairs[r + 1] = __builtin_shufflevector(rows[r], rows[r + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  }
#pragma unroll
  for (int h = 0; h < 8; h += 4) {
#pragma unroll
    for (int q = 0; q < 2; q++) {
      fours[h + 2 * q] = __builtin_shufflevector(pairs[h + q], pairs[h + 2 + q], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
      fours[h + 2 * q + 1] = __builtin_shufflevector(pairs[h + q], pairs[h + 2 + q], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
  }
#pragma unroll
  for (int q = 0; q < 4; q++) {
    ck_v near = __builtin_shufflevector(fours[q], fours[4 + q], 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    ck_v far = __builtin_shufflevector(fours[q], fours[4 + q], 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    memcpy(out + 8 * q, &near, 32);
    memcpy(out + 8 * (4 + q), (const char *)&near + 32, 32);
    memcpy(out + 8 * (8 + q), &far, 32);
    memcpy(out + 8 * (12 + q), (const char *)&far + 32, 32);
  }
}
#endif

CK_INLINE float half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023, bits;
  float value;
  if (exponent == 0) {
    value = (float)mantissa * 0x1p-24f;
    memcpy(&bits, &value, sizeof bits);
    bits |= sign;
  } else {
    bits = sign | (exponent == 31 ? 255u : exponent + 112) << 23 | mantissa << 13;
  }
  memcpy(&value, &bits, sizeof value);
  return value;
}

CK_INLINE float element_at(const void *data, ck_element element, ck_index i) {
  if (element == CK_FLOAT32) return ((const float *)data)[i];
  uint16_t half = ((const uint16_t *)data)[i];
  if (element == CK_FLOAT16) return half_to_float(half);
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// Rows p of `columns` ≤ width elements b(p, j), to out[p·width + j], the rest of the width +0.
CK_INLINE void pack_panel_of(
  const ck_element element, const void *data, ck_index row_stride, ck_index column_stride, ck_index k, ck_index columns,
  const ck_index width, float *out) {
  if (columns < width) memset(out, 0, (size_t)(k * width) * sizeof(float));
  if (column_stride == 1) {
    if (element == CK_FLOAT32)
      for (ck_index p = 0; p < k; p++) memcpy(out + p * width, (const float *)data + p * row_stride, (size_t)columns * sizeof(float));
    else
      for (ck_index p = 0; p < k; p++)
        for (ck_index j = 0; j < columns; j++) out[p * width + j] = element_at(data, element, p * row_stride + j);
    return;
  }
  if (element == CK_FLOAT32 && row_stride == 1) {
    // Sixteen rows of the panel at a time: one cache line of each column is read, and what is written stays near.
    ck_index p = 0;
#if CK_LANES == 16 && CK_TILE_ROWS == 8
    if (width == 8 && columns == 8)
      for (; p + 16 <= k; p += 16) transpose_8x16((const float *)data + p, column_stride, out + p * width);
#endif
    for (; p < k; p += 16)
      transpose(columns, ck_least(16, k - p), (const float *)data + p, column_stride, out + p * width, width);
    return;
  }
  for (ck_index p = 0; p < k; p += 16)
    for (ck_index j = 0; j < columns; j++)
      for (ck_index q = p; q < ck_least(p + 16, k); q++) out[q * width + j] = element_at(data, element, q * row_stride + j * column_stride);
}

static void pack_panel(
  ck_element element, const void *data, ck_index row_stride, ck_index column_stride, ck_index k, ck_index columns, ck_index width,
  float *out) {
  switch (element) {
    case CK_FLOAT32: pack_panel_of(CK_FLOAT32, data, row_stride, column_stride, k, columns, width, out); return;
    case CK_BFLOAT16: pack_panel_of(CK_BFLOAT16, data, row_stride, column_stride, k, columns, width, out); return;
    case CK_FLOAT16: pack_panel_of(CK_FLOAT16, data, row_stride, column_stride, k, columns, width, out); return;
  }
}

// Panels first … last − 1 of a frozen operand.
static void pack_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const pack_arguments *s = arguments;
  size_t size = s->element == CK_FLOAT32 ? 4 : 2;
  for (ck_index panel = first; panel < last; panel++) {
    ck_index j = panel * TILE_COLUMNS;
    const char *start = (const char *)s->data + j * s->column_stride * (ck_index)size;
    pack_panel(
      s->element, start, s->row_stride, s->column_stride, s->k, ck_least(TILE_COLUMNS, s->n - j), TILE_COLUMNS, s->panels + j * s->k);
  }
}

// MARK: Blocks

// One cell of the output: rows i0 … i1, columns j0 … j1. How operands are read depends on what pays, never on what comes out.
typedef struct cell {
  ck_index i0, i1, j0, j1;
  bool pack_a, pack_b;
  float *packed_a, *packed_b, *packed_tail;
} cell;

static void cell_rows(
  const product_arguments *s, const cell *x, ck_index p, ck_index depth, ck_index i0, ck_index i1, const float *b, ck_index b_row,
  ck_index b_panel, float *c, ck_index c_row, bool from_stored) {
  ck_matrix a = s->a;
  if (x->pack_a)
    for (ck_index i = i0; i < i1; i += TILE_ROWS)
      pack_panel_of(
        CK_FLOAT32, a.data + i * a.row_stride + p * a.column_stride, a.column_stride, a.row_stride, depth, ck_least(TILE_ROWS, i1 - i),
        TILE_ROWS, x->packed_a + (i - i0) * depth);
  for (ck_index j = x->j0; j < x->j1; j += TILE_COLUMNS)
    for (ck_index i = i0; i < i1; i += TILE_ROWS) {
      const float *rows = x->pack_a ? x->packed_a + (i - i0) * depth : a.data + i * a.row_stride + p * a.column_stride;
      tile_some(
        ck_least(TILE_ROWS, i1 - i), ck_least(TILE_COLUMNS, x->j1 - j), depth, rows, x->pack_a ? 1 : a.row_stride,
        x->pack_a ? TILE_ROWS : a.column_stride, b + (j - x->j0) / TILE_COLUMNS * b_panel, b_row, c + i * c_row + j, c_row, from_stored);
      // While the tile is near: passing over all of c once more would cost as much as a tenth of the product.
      if (s->tail.k > 0 && p + depth == s->k)
        tile_some(
          ck_least(TILE_ROWS, i1 - i), ck_least(TILE_COLUMNS, x->j1 - j), s->tail.k, s->tail.a.data + i * s->tail.a.row_stride,
          s->tail.a.row_stride, s->tail.a.column_stride, x->packed_tail + (j - x->j0) * s->tail.k, TILE_COLUMNS, c + i * c_row + j, c_row, true);
    }
}

// c(i, j) is c[i·c_row + j] for the whole output, of which this cell is written.
static void cell_product(const product_arguments *s, const cell *x, float *c, ck_index c_row) {
  ck_index columns = x->j1 - x->j0;
  for (ck_index j = 0; j < columns && s->tail.k > 0; j += TILE_COLUMNS)
    pack_panel_of(
      CK_FLOAT32, s->tail.b.data + (x->j0 + j) * s->tail.b.column_stride, s->tail.b.row_stride, s->tail.b.column_stride, s->tail.k,
      ck_least(TILE_COLUMNS, columns - j), TILE_COLUMNS, x->packed_tail + j * s->tail.k);
  for (ck_index p = 0; p < s->k; p += CK_BLOCK_K) {
    ck_index depth = ck_least(CK_BLOCK_K, s->k - p);
    const float *b;
    ck_index b_row = TILE_COLUMNS, b_panel = TILE_COLUMNS * depth;
    if (s->packed) {
      b = s->packed->panels + x->j0 * s->k + p * TILE_COLUMNS;
      b_panel = TILE_COLUMNS * s->k;
    } else if (x->pack_b) {
      b = x->packed_b;
      for (ck_index j = 0; j < columns; j += TILE_COLUMNS)
        pack_panel_of(
          CK_FLOAT32, s->b.data + p * s->b.row_stride + (x->j0 + j) * s->b.column_stride, s->b.row_stride, s->b.column_stride, depth,
          ck_least(TILE_COLUMNS, columns - j), TILE_COLUMNS, x->packed_b + j * depth);
    } else {
      b = s->b.data + p * s->b.row_stride + x->j0;
      b_row = s->b.row_stride;
      b_panel = TILE_COLUMNS;
    }
    for (ck_index i = x->i0; i < x->i1; i += CK_BLOCK_M)
      cell_rows(s, x, p, depth, i, ck_least(i + CK_BLOCK_M, x->i1), b, b_row, b_panel, c, c_row, s->accumulate || p > 0);
  }
}

static void cell_clear(const product_arguments *s, const cell *x) {
  for (ck_index i = x->i0; i < x->i1; i++)
    for (ck_index j = x->j0; j < x->j1; j++) s->c[s->transposed ? j * s->c_stride + i : i * s->c_stride + j] = 0;
}

#if CK_LANES >= 8
// The whole width of a narrow output; b's rows are read where they lie if they are whole vectors.
static void narrow_cell(const product_arguments *s, ck_worker *worker, const cell *x) {
  bool in_place = s->b.column_stride == 1 && s->n == NARROW_COLUMNS, whole = s->n == NARROW_COLUMNS;
  ck_index rows = x->i1 - x->i0;
  float *packed = ck_scratch(worker, (size_t)(NARROW_COLUMNS * (NARROW_DEPTH + rows)) * sizeof(float)), *copy = packed + NARROW_COLUMNS * NARROW_DEPTH;
  float *c = whole ? s->c + x->i0 * s->c_stride : copy;
  ck_index c_row = whole ? s->c_stride : NARROW_COLUMNS;
  if (!whole && s->accumulate) {
    memset(copy, 0, (size_t)(rows * NARROW_COLUMNS) * sizeof(float));
    for (ck_index i = 0; i < rows; i++) memcpy(copy + i * NARROW_COLUMNS, s->c + (x->i0 + i) * s->c_stride, (size_t)s->n * sizeof(float));
  }
  for (ck_index p = 0; p < s->k; p += NARROW_DEPTH) {
    ck_index depth = ck_least(NARROW_DEPTH, s->k - p);
    const float *b = s->b.data + p * s->b.row_stride;
    if (!in_place) pack_panel_of(CK_FLOAT32, b, s->b.row_stride, s->b.column_stride, depth, s->n, NARROW_COLUMNS, packed);
    narrow_rows(
      rows, depth, s->a.data + x->i0 * s->a.row_stride + p * s->a.column_stride, s->a.row_stride, s->a.column_stride, in_place ? b : packed,
      in_place ? s->b.row_stride : NARROW_COLUMNS, c, c_row, s->accumulate || p > 0);
  }
  for (ck_index i = 0; i < rows && !whole; i++) memcpy(s->c + (x->i0 + i) * s->c_stride, copy + i * NARROW_COLUMNS, (size_t)s->n * sizeof(float));
}
#endif

static void product_cell(const product_arguments *s, ck_worker *worker, cell x) {
  ck_index rows = x.i1 - x.i0, columns = x.j1 - x.j0;
  if (s->k == 0) {
    if (!s->accumulate) cell_clear(s, &x);
    return;
  }
#if CK_LANES >= 8
  if (s->n <= NARROW_COLUMNS && !s->packed && !s->transposed) {
    narrow_cell(s, worker, &x);
    return;
  }
#endif
  ck_index depth = ck_least(CK_BLOCK_K, s->k);
  x.pack_a = columns > 2 * TILE_COLUMNS && s->k > 16;
  // The last vector of an unpacked row of b may not reach over the end of the row.
  bool b_reads_in_place = s->b.column_stride == 1 && columns % CK_LANES == 0;
  x.pack_b = !s->packed && !(b_reads_in_place && rows <= 2 * TILE_ROWS);
  ck_index size_a = x.pack_a ? ck_round_up(ck_least(rows, CK_BLOCK_M), TILE_ROWS) * depth : 0;
  ck_index size_b = x.pack_b ? ck_round_up(columns, TILE_COLUMNS) * depth : 0;
  ck_index size_c = s->transposed ? rows * columns : 0;
  ck_index size_tail = ck_round_up(columns, TILE_COLUMNS) * s->tail.k;
  x.packed_a = ck_scratch(worker, (size_t)(ck_round_up(size_a, 16) + ck_round_up(size_b, 16) + ck_round_up(size_tail, 16) + size_c) * sizeof(float));
  x.packed_b = x.packed_a + ck_round_up(size_a, 16);
  x.packed_tail = x.packed_b + ck_round_up(size_b, 16);
  if (!s->transposed) {
    cell_product(s, &x, s->c, s->c_stride);
    return;
  }
  float *c = x.packed_tail + ck_round_up(size_tail, 16), *corner = s->c + x.j0 * s->c_stride + x.i0;
  if (s->accumulate)
    for (ck_index j = 0; j < columns; j++)
      for (ck_index i = 0; i < rows; i++) c[i * columns + j] = corner[j * s->c_stride + i];
  cell_product(s, &x, c - x.i0 * columns - x.j0, columns);
  for (ck_index j = 0; j < columns; j++)
    for (ck_index i = 0; i < rows; i++) corner[j * s->c_stride + i] = c[i * columns + j];
}

static void product_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  const product_arguments *s = arguments;
  for (ck_index number = first; number < last; number++) {
    ck_index i = number / s->columns_of_cells * s->row_block, j = number % s->columns_of_cells * s->column_block;
    product_cell(s, worker, (cell){.i0 = i, .i1 = ck_least(i + s->row_block, s->m), .j0 = j, .j1 = ck_least(j + s->column_block, s->n)});
  }
}

#endif
