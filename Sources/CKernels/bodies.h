// All bodies for one vector width, and their table. The including file says the width, the tile and the table's name (path_generic.c).
#include "lanes.h"

#include "functions.h"

#include "gemm.h"
#include "elements.h"
#include "norm.h"
#include "rotary.h"
#include "attention.h"
#include "activation.h"
#include "embedding.h"
#include "loss.h"
#include "optimiser.h"
#include "random.h"

const ck_bodies CK_TABLE = {
  .tile_rows = TILE_ROWS,
  .tile_columns = TILE_COLUMNS,
  .narrow_columns = NARROW_COLUMNS,
  .product = product_body,
  .pack = pack_body,
  .rows_add = rows_add_body,
  .column_sums = column_sums_body,
  .scale = scale_body,
  .add = add_body,
  .widen = widen_body,
  .narrow_bfloat16 = narrow_bfloat16_body,
  .first_nonfinite = first_nonfinite_body,
  .exp = exp_body,
  .log = log_body,
  .tanh = tanh_body,
  .sigmoid = sigmoid_body,
  .function64 = function64_body,
  .rmsnorm_forward = rmsnorm_forward_body,
  .rmsnorm_backward = rmsnorm_backward_body,
  .rmsnorm_weight_gradient = rmsnorm_weight_gradient_body,
  .rotary_frequencies = rotary_frequencies_body,
  .rotary_tables = rotary_tables_body,
  .rotate = rotate_body,
  .attention_forward = attention_forward_body,
  .attention_backward = attention_backward_body,
  .attention_step = attention_step_body,
  .attention_scale = attention_scale_body,
  .silu_forward = silu_forward_body,
  .silu_backward = silu_backward_body,
  .embedding_forward = embedding_forward_body,
  .embedding_backward = embedding_backward_body,
  .cross_entropy = cross_entropy_body,
  .supervised_coefficients = supervised_coefficients_body,
  .loss_sum = loss_sum_body,
  .loss_mean = loss_mean_body,
  .score_sum = score_sum_body,
  .argmax = argmax_body,
  .preference = preference_body,
  .squared_blocks = squared_blocks_body,
  .norm_of_blocks = norm_of_blocks_body,
  .clip_factor = clip_factor_body,
  .adamw_begin = adamw_begin_body,
  .adamw_update = adamw_update_body,
  .learning_rate = learning_rate_body,
  .fill_uniform = fill_uniform_body,
  .kaiming_bound = kaiming_bound_body,
  .fill_normal = fill_normal_body,
  .dropout = dropout_body,
};
