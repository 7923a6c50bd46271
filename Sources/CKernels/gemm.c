// Products and packed operands: entry points. The formula is in ckernels.h, the order in docs/numerics.md, the work in gemm.h.
#include "gemm.h"

#include <stdlib.h>

// Cells are this large unless there would be too few for the threads.
enum { CELL_ROWS = 1920, CELL_COLUMNS = 768, SMALLEST_CELL_ROWS = 96, CELLS_PER_THREAD = 4 };

// The same number of blocks as `block` gives, of nearly equal size.
static ck_index even(ck_index count, ck_index block, ck_index step) {
  return ck_round_up(ck_blocks(count, ck_blocks(count, block)), step);
}

// Cuts the output into cells: only the output is ever cut, so no cut changes a bit. Between threads rows are cut first, so that each row of a
// is laid out by one of them alone.
static void cut(product_arguments *s, const ck_bodies *bodies, int32_t threads) {
  ck_index rows = ck_least(s->m, CELL_ROWS), columns = ck_least(s->n, ck_round_up(CELL_COLUMNS, bodies->tile_columns));
  ck_index wanted = threads == 1 ? 1 : threads * CELLS_PER_THREAD;
  if (threads > 1 && s->m >= 2 * SMALLEST_CELL_ROWS) {
    rows = ck_most(SMALLEST_CELL_ROWS, ck_round_up(ck_blocks(s->m, wanted), bodies->tile_rows));
    columns = s->n;
  }
  while (ck_blocks(s->m, rows) * ck_blocks(s->n, columns) < wanted) {
    bool rows_can = rows >= 2 * SMALLEST_CELL_ROWS, columns_can = columns >= 2 * bodies->tile_columns;
    if (rows_can && (rows >= columns || !columns_can))
      rows = ck_round_up(rows / 2, bodies->tile_rows);
    else if (columns_can)
      columns = ck_round_up(columns / 2, bodies->tile_columns);
    else
      break;
  }
  s->row_block = even(s->m, rows, bodies->tile_rows);
  s->column_block = even(s->n, columns, bodies->tile_columns);
  s->columns_of_cells = ck_blocks(s->n, s->column_block);
}

// Elements of a right side that are laid out together: 16 MiB, which the last cache holds until the cells have read them.
enum { LARGEST_SHARED_OPERAND = 1 << 22, DEPTH_STEP = 768 };

// Where several cells stand below each other, each would lay out the same columns for itself: it is done once for all of them.
static void lay_out_once(ck_pool *pool, const ck_bodies *bodies, product_arguments *s, ck_packed *shared) {
  bool is_narrow = s->n <= bodies->narrow_columns;
  if (s->packed || s->transposed || is_narrow || s->row_block >= s->m || s->k == 0 || s->n > LARGEST_SHARED_OPERAND / s->k) return;
  *shared = (ck_packed){.k = s->k, .n = s->n, .tile_columns = bodies->tile_columns};
  shared->panels = ck_pool_scratch(pool, (size_t)(ck_round_up(s->n, bodies->tile_columns) * s->k) * sizeof(float));
  pack_arguments packing = {s->k, s->n, s->b.data, CK_FLOAT32, s->b.row_stride, s->b.column_stride, shared->panels};
  ck_spread(pool, bodies->pack, &packing, ck_blocks(s->n, bodies->tile_columns), 1);
  s->packed = shared;
}

static void run_part(ck_pool *pool, const ck_bodies *bodies, product_arguments s) {
  // A few microseconds of work: less than handing part of it over would save.
  bool small = s.m * s.n * s.k < 1 << 19;
  cut(&s, bodies, small ? 1 : ck_pool_threads(pool));
  ck_packed shared;
  lay_out_once(pool, bodies, &s, &shared);
  ck_spread(pool, bodies->product, &s, ck_blocks(s.m, s.row_block) * s.columns_of_cells, 1);
}

// Columns from j on, `columns` of them.
static product_arguments some_columns(const product_arguments *s, ck_index j, ck_index columns) {
  product_arguments part = *s;
  part.n = columns;
  part.b.data += j * s->b.column_stride;
  if (s->tail.k > 0) part.tail.b.data += j * s->tail.b.column_stride;
  part.c += j;
  return part;
}

// Steps of the chains from p on, `depth` of them.
static product_arguments some_steps(const product_arguments *s, ck_index p, ck_index depth) {
  product_arguments part = *s;
  part.k = depth;
  part.a.data += p * s->a.column_stride;
  part.b.data += p * s->b.row_stride;
  part.accumulate = s->accumulate || p > 0;
  if (p + depth < s->k) part.tail.k = 0;
  return part;
}

// A right side too large to be laid out at once, an LM head's, is gone through in parts.
static void run(ck_pool *pool, const ck_bodies *bodies, const product_arguments *s) {
  if (s->m <= 0 || s->n <= 0) return;
  bool fits = s->k == 0 || s->n <= LARGEST_SHARED_OPERAND / s->k;
  if (fits || s->packed || s->transposed || ck_pool_threads(pool) == 1 || s->m < 2 * SMALLEST_CELL_ROWS) {
    run_part(pool, bodies, *s);
  } else if (s->n > s->k) {
    ck_index columns = ck_most(1, LARGEST_SHARED_OPERAND / s->k / bodies->tile_columns) * bodies->tile_columns;
    for (ck_index j = 0; j < s->n; j += columns) run_part(pool, bodies, some_columns(s, j, ck_least(columns, s->n - j)));
  } else {
    ck_index depth = ck_most(1, LARGEST_SHARED_OPERAND / s->n / DEPTH_STEP) * DEPTH_STEP;
    for (ck_index p = 0; p < s->k; p += depth) run_part(pool, bodies, some_steps(s, p, ck_least(depth, s->k - p)));
  }
}

// A longer tail is a product of its own: it would no longer stay near with the tile.
enum { LONGEST_TAIL = 64 };

static void run_with_tail(ck_pool *pool, const ck_bodies *bodies, product_arguments s, ck_tail tail) {
  bool goes_on = tail.k > 0 && tail.k <= LONGEST_TAIL && s.k > 0 && s.n > bodies->narrow_columns;
  if (goes_on) s.tail = tail;
  run(pool, bodies, &s);
  if (goes_on || tail.k == 0) return;
  product_arguments rest = {.m = s.m, .n = s.n, .k = tail.k, .a = tail.a, .b = tail.b, .c = s.c, .c_stride = s.c_stride, .accumulate = true};
  run(pool, bodies, &rest);
}

void ck_gemm(
  ck_pool *pool, ck_index m, ck_index n, ck_index k, ck_matrix a, ck_matrix b, float *c, ck_index c_row_stride, bool accumulate) {
  product_arguments s = {.m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .c_stride = c_row_stride, .accumulate = accumulate};
  // A narrow result (dB of a LoRA: out×r) with a token-major left side: the lanes run over its rows instead, and nothing is packed.
  // fma(x, y, c) = fma(y, x, c), so the transposed product has the same bits.
  if (n <= 16 && m > n && a.row_stride == 1) {
    s.m = n;
    s.n = m;
    s.a = (ck_matrix){b.data, b.column_stride, b.row_stride};
    s.b = (ck_matrix){a.data, a.column_stride, a.row_stride};
    s.transposed = true;
  }
  run(pool, ck_bodies_active(), &s);
}

void ck_gemm_with_tail(
  ck_pool *pool, ck_index m, ck_index n, ck_index k, ck_matrix a, ck_matrix b, ck_tail tail, float *c, ck_index c_row_stride, bool accumulate) {
  product_arguments s = {.m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .c_stride = c_row_stride, .accumulate = accumulate};
  run_with_tail(pool, ck_bodies_active(), s, tail);
}

ck_packed *ck_pack_create(
  ck_pool *pool, ck_index k, ck_index n, const void *data, ck_element element, ck_index row_stride, ck_index column_stride) {
  ck_path path = ck_path_active();
  const ck_bodies *bodies = ck_bodies_of(path);
  ck_packed *packed = ck_allocate(sizeof *packed);
  *packed = (ck_packed){.path = path, .k = k, .n = n, .tile_columns = bodies->tile_columns};
  packed->panels = ck_allocate((size_t)(ck_round_up(n, bodies->tile_columns) * k) * sizeof(float));
  pack_arguments s = {k, n, data, element, row_stride, column_stride, packed->panels};
  ck_spread(pool, bodies->pack, &s, ck_blocks(n, bodies->tile_columns), 4);
  return packed;
}

void ck_pack_destroy(ck_packed *packed) {
  if (packed == NULL) return;
  free(packed->panels);
  free(packed);
}

void ck_gemm_packed(ck_pool *pool, ck_index m, ck_matrix a, const ck_packed *b, float *c, ck_index c_row_stride, bool accumulate) {
  ck_gemm_packed_with_tail(pool, m, a, b, (ck_tail){0}, c, c_row_stride, accumulate);
}

void ck_gemm_packed_with_tail(
  ck_pool *pool, ck_index m, ck_matrix a, const ck_packed *b, ck_tail tail, float *c, ck_index c_row_stride, bool accumulate) {
  product_arguments s = {
    .m = m, .n = b->n, .k = b->k, .a = a, .packed = b, .c = c, .c_stride = c_row_stride, .accumulate = accumulate};
  // The path that laid the panels out, whatever was forced since.
  run_with_tail(pool, ck_bodies_of(b->path), s, tail);
}
