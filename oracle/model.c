// Section 14: the order in which a model calls the operators, and what its tensors are.
#include "oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *zeros(size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size);
  if (!memory) {
    fprintf(stderr, "oracle: out of memory\n");
    exit(1);
  }
  return memory;
}

float *floats(size_t count) { return zeros(count, sizeof(float)); }

// MARK: Tensors

enum { QUERY, KEY, VALUE, OUTPUT, GATE, UP, DOWN };
const char *const projection_names[PROJECTIONS] = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};

static size_t outputs_of(const Config *config, int projection) {
  switch (projection) {
    case QUERY: return config->heads * config->head_dimension;
    case KEY:
    case VALUE: return config->key_heads * config->head_dimension;
    case GATE:
    case UP: return config->intermediate;
    default: return config->hidden;
  }
}

static size_t inputs_of(const Config *config, int projection) {
  switch (projection) {
    case OUTPUT: return config->heads * config->head_dimension;
    case DOWN: return config->intermediate;
    default: return config->hidden;
  }
}

static void path_of(int projection, size_t layer, const char *prefix, const char *suffix, char name[NAME_SIZE]) {
  const char *block = projection < GATE ? "self_attn" : "mlp";
  snprintf(name, NAME_SIZE, "%smodel.layers.%zu.%s.%s.%s", prefix, layer, block, projection_names[projection], suffix);
}

static void append(Tensors *tensors, const char *name, size_t rows, size_t columns, bool decays) {
  const size_t count = rows * columns;
  tensors->all = realloc(tensors->all, (tensors->count + 1) * sizeof(Tensor));
  if (!tensors->all) exit(1);
  Tensor *tensor = &tensors->all[tensors->count++];
  *tensor = (Tensor){.rows = rows, .columns = columns, .decays = decays};
  snprintf(tensor->name, NAME_SIZE, "%s", name);
  tensor->value = floats(count);
  tensor->gradient = floats(count);
  tensor->m = floats(count);
  tensor->v = floats(count);
}

static int by_name(const void *a, const void *b) { return strcmp(((const Tensor *)a)->name, ((const Tensor *)b)->name); }

static Tensor *find(Tensors *tensors, const char *name) {
  for (size_t i = 0; i < tensors->count; i++)
    if (strcmp(tensors->all[i].name, name) == 0) return &tensors->all[i];
  return NULL;
}

static void append_layer(Model *model, size_t layer) {
  const Config *config = &model->config;
  char name[NAME_SIZE];
  snprintf(name, sizeof name, "model.layers.%zu.input_layernorm.weight", layer);
  append(&model->base, name, 1, config->hidden, false);
  snprintf(name, sizeof name, "model.layers.%zu.post_attention_layernorm.weight", layer);
  append(&model->base, name, 1, config->hidden, false);
  for (int projection = 0; projection < PROJECTIONS; projection++) {
    const size_t outputs = outputs_of(config, projection), inputs = inputs_of(config, projection);
    path_of(projection, layer, "", "weight", name);
    append(&model->base, name, outputs, inputs, true);
    if (config->biased[projection]) {
      path_of(projection, layer, "", "bias", name);
      append(&model->base, name, 1, outputs, false);
    }
    if (model->adapter_shape.rank == 0 || !model->adapter_shape.targets[projection]) continue;
    path_of(projection, layer, "base_model.model.", "lora_A.weight", name);
    append(&model->adapter, name, model->adapter_shape.rank, inputs, true);
    path_of(projection, layer, "base_model.model.", "lora_B.weight", name);
    append(&model->adapter, name, outputs, model->adapter_shape.rank, true);
  }
  if (!config->head_norms) return;
  snprintf(name, sizeof name, "model.layers.%zu.self_attn.q_norm.weight", layer);
  append(&model->base, name, 1, config->head_dimension, false);
  snprintf(name, sizeof name, "model.layers.%zu.self_attn.k_norm.weight", layer);
  append(&model->base, name, 1, config->head_dimension, false);
}

void model_make(Model *model, Config config, Adapter adapter) {
  *model = (Model){.config = config, .adapter_shape = adapter};
  append(&model->base, "model.embed_tokens.weight", config.vocabulary, config.hidden, true);
  append(&model->base, "model.norm.weight", 1, config.hidden, false);
  if (!config.tied) append(&model->base, "lm_head.weight", config.vocabulary, config.hidden, true);
  for (size_t layer = 0; layer < config.layers; layer++) append_layer(model, layer);
  qsort(model->base.all, model->base.count, sizeof(Tensor), by_name);
  if (model->adapter.count > 0) qsort(model->adapter.all, model->adapter.count, sizeof(Tensor), by_name);
  rotary_make(config.head_dimension, config.theta, config.stretch, &model->rotary);
}

enum { INITIAL_VALUES = 2 };

void base_fresh(Model *model, uint64_t seed) {
  for (size_t i = 0; i < model->base.count; i++) {
    Tensor *tensor = &model->base.all[i];
    const size_t count = tensor->rows * tensor->columns;
    if (tensor->decays) {
      fill_normal((Stream){seed, INITIAL_VALUES, (uint32_t)i}, count, model->config.range, tensor->value);
    } else if (!strstr(tensor->name, ".bias")) {
      for (size_t j = 0; j < count; j++) tensor->value[j] = 1;
    }
  }
}

void adapter_fresh(Model *model, uint64_t seed) {
  for (size_t i = 0; i < model->adapter.count; i++) {
    Tensor *tensor = &model->adapter.all[i];
    if (!strstr(tensor->name, "lora_A")) continue;
    fill_uniform((Stream){seed, INITIAL_VALUES, (uint32_t)i}, tensor->rows * tensor->columns, tensor->columns, tensor->value);
  }
}

Tensors *trained(Model *model) { return model->adapter.count > 0 ? &model->adapter : &model->base; }

// MARK: The batch

// The examples end to end; an example's last token is predicted and never read.
typedef struct Batch {
  size_t tokens, segments, supervised;
  size_t *ids, *positions;
  uint32_t *ordinals;      // of each token's example in the plan
  size_t *starts;         // segments + 1
  size_t *rows, *targets;  // of the supervised tokens
} Batch;

size_t supervised_count(const Example *example) {
  size_t count = 0;
  for (size_t i = 1; i < example->count; i++) count += example->supervised[i];
  return count;
}

static Batch batch_of(size_t first, size_t count, const Example *const *examples) {
  size_t most = 0;
  for (size_t e = 0; e < count; e++) most += examples[e]->count;
  Batch batch = {.segments = count};
  batch.ids = zeros(most, sizeof(size_t));
  batch.positions = zeros(most, sizeof(size_t));
  batch.ordinals = zeros(most, sizeof(uint32_t));
  batch.rows = zeros(most, sizeof(size_t));
  batch.targets = zeros(most, sizeof(size_t));
  batch.starts = zeros(count + 1, sizeof(size_t));
  for (size_t e = 0; e < count; e++) {
    for (size_t i = 0; i + 1 < examples[e]->count; i++) {
      if (examples[e]->supervised[i + 1]) {
        batch.rows[batch.supervised] = batch.tokens;
        batch.targets[batch.supervised++] = examples[e]->tokens[i + 1];
      }
      batch.positions[batch.tokens] = i;
      batch.ordinals[batch.tokens] = (uint32_t)(first + e);
      batch.ids[batch.tokens++] = examples[e]->tokens[i];
    }
    batch.starts[e + 1] = batch.tokens;
  }
  return batch;
}

static void batch_free(Batch *batch) {
  free(batch->ids);
  free(batch->positions);
  free(batch->ordinals);
  free(batch->rows);
  free(batch->targets);
  free(batch->starts);
}

// MARK: Linear maps

// One projection, and what its backward pass reads again.
typedef struct Linear {
  size_t outputs, inputs, rank;
  float scale;
  Tensor *w, *bias, *a, *b;  // bias null without one, a and b null without an adapter
  float *g;                  // s·(x·Aᵀ): tokens × rank
  float *dh;                 // tokens × rank
  // What the adapter sees of x: null where it sees all.
  float *seen;               // tokens × inputs
  double probability;
  uint64_t seed;
  uint32_t module;
} Linear;

static Linear linear(Model *model, int projection, size_t layer, const Batch *batch, bool trains) {
  char name[NAME_SIZE];
  const Adapter *shape = &model->adapter_shape;
  Linear map = {.outputs = outputs_of(&model->config, projection), .inputs = inputs_of(&model->config, projection), .rank = shape->rank};
  path_of(projection, layer, "", "weight", name);
  map.w = find(&model->base, name);
  path_of(projection, layer, "", "bias", name);
  map.bias = find(&model->base, name);
  path_of(projection, layer, "base_model.model.", "lora_A.weight", name);
  map.a = find(&model->adapter, name);
  path_of(projection, layer, "base_model.model.", "lora_B.weight", name);
  map.b = find(&model->adapter, name);
  if (!map.a) return map;
  map.scale = (float)(shape->alpha / (shape->rank_stabilized ? sqrt((double)shape->rank) : (double)shape->rank));
  map.g = floats(batch->tokens * map.rank);
  map.dh = floats(batch->tokens * map.rank);
  if (!trains || shape->dropout == 0) return map;
  map.seen = floats(batch->tokens * map.inputs);
  map.probability = shape->dropout;
  map.seed = model->seed;
  map.module = 0x80000000 + (uint32_t)(layer * PROJECTIONS) + (uint32_t)projection;
  return map;
}

static void drop(const Linear *map, const Batch *batch, const float *x, float *y) {
  for (size_t t = 0; t < batch->tokens; t++) {
    const size_t first = t * map->inputs;
    dropout(map->inputs, batch->ordinals[t], (uint32_t)batch->positions[t], map->seed, map->module, map->probability, x + first, y + first);
  }
}

// y: tokens × outputs, which is +0.
static void linear_forward(Linear *map, const Batch *batch, const float *x, float *y) {
  const size_t tokens = batch->tokens;
  product_forward(tokens, map->outputs, map->inputs, x, map->w->value, y);
  if (map->a) {
    if (map->seen) drop(map, batch, x, map->seen);
    product_forward(tokens, map->rank, map->inputs, map->seen ? map->seen : x, map->a->value, map->g);
    for (size_t i = 0; i < tokens * map->rank; i++) map->g[i] = map->g[i] * map->scale;
    product_forward(tokens, map->outputs, map->rank, map->g, map->b->value, y);
  }
  if (map->bias) bias_forward(tokens, map->outputs, map->bias->value, y);
}

// dx (tokens × inputs, which is +0) is one chain through the bases of all maps that read x, then through all their adapters. Where an adapter
// did not see all of x, its part is a chain of its own, dropped and added.
static void linear_backward(size_t maps, Linear *const *map, const Batch *batch, const float *x, const float *const *dy, float *dx) {
  const size_t tokens = batch->tokens;
  for (size_t i = 0; i < maps; i++) {
    const Linear *l = map[i];
    product_weight(tokens, l->outputs, l->inputs, dy[i], x, l->w->gradient);
    if (l->bias) bias_gradient(tokens, l->outputs, dy[i], l->bias->gradient);
    product_input(tokens, l->outputs, l->inputs, dy[i], l->w->value, dx);
  }
  for (size_t i = 0; i < maps; i++) {
    const Linear *l = map[i];
    if (!l->a) continue;
    product_weight(tokens, l->outputs, l->rank, dy[i], l->g, l->b->gradient);
    product_input(tokens, l->outputs, l->rank, dy[i], l->b->value, l->dh);
    for (size_t j = 0; j < tokens * l->rank; j++) l->dh[j] = l->dh[j] * l->scale;
    product_weight(tokens, l->rank, l->inputs, l->dh, l->seen ? l->seen : x, l->a->gradient);
    if (!l->seen) {
      product_input(tokens, l->rank, l->inputs, l->dh, l->a->value, dx);
      continue;
    }
    float *part = floats(tokens * l->inputs);
    product_input(tokens, l->rank, l->inputs, l->dh, l->a->value, part);
    drop(l, batch, part, part);
    for (size_t j = 0; j < tokens * l->inputs; j++) dx[j] = dx[j] + part[j];
    free(part);
  }
}

static void linear_free(Linear *map) {
  free(map->g);
  free(map->dh);
  free(map->seen);
}

// MARK: A layer

typedef struct Layer {
  Tensor *input_norm, *middle_norm, *query_norm, *key_norm;  // the last two null where heads are not normed
  Linear map[PROJECTIONS];
  // tokens × the width beside it
  float *x, *r_x, *normed_x;                 // hidden, 1, hidden
  float *q, *k, *v, *attended;               // queries, keys, keys, queries
  float *raw_q, *raw_k, *r_q, *r_k;          // queries, keys, heads, key heads: before the norm of heads, and its factors
  float *middle, *r_middle, *normed_middle;  // hidden, 1, hidden
  float *gate, *up, *activated;              // intermediate
} Layer;

static Layer layer_make(Model *model, size_t number, const Batch *batch, bool trains) {
  const size_t tokens = batch->tokens;
  const Config *config = &model->config;
  const size_t queries = config->heads * config->head_dimension, keys = config->key_heads * config->head_dimension;
  char name[NAME_SIZE];
  Layer layer = {0};
  snprintf(name, sizeof name, "model.layers.%zu.input_layernorm.weight", number);
  layer.input_norm = find(&model->base, name);
  snprintf(name, sizeof name, "model.layers.%zu.post_attention_layernorm.weight", number);
  layer.middle_norm = find(&model->base, name);
  snprintf(name, sizeof name, "model.layers.%zu.self_attn.q_norm.weight", number);
  layer.query_norm = find(&model->base, name);
  snprintf(name, sizeof name, "model.layers.%zu.self_attn.k_norm.weight", number);
  layer.key_norm = find(&model->base, name);
  for (int projection = 0; projection < PROJECTIONS; projection++) layer.map[projection] = linear(model, projection, number, batch, trains);
  float **hidden[] = {&layer.x, &layer.normed_x, &layer.middle, &layer.normed_middle};
  for (size_t i = 0; i < 4; i++) *hidden[i] = floats(tokens * config->hidden);
  layer.r_x = floats(tokens);
  layer.r_middle = floats(tokens);
  layer.q = floats(tokens * queries);
  layer.k = floats(tokens * keys);
  layer.v = floats(tokens * keys);
  layer.raw_q = floats(tokens * queries);
  layer.raw_k = floats(tokens * keys);
  layer.r_q = floats(tokens * config->heads);
  layer.r_k = floats(tokens * config->key_heads);
  layer.attended = floats(tokens * queries);
  layer.gate = floats(tokens * config->intermediate);
  layer.up = floats(tokens * config->intermediate);
  layer.activated = floats(tokens * config->intermediate);
  return layer;
}

static void layer_free(Layer *layer) {
  float *all[] = {layer->x,        layer->r_x,    layer->normed_x, layer->q,             layer->k,    layer->v,
                  layer->attended, layer->middle, layer->r_middle, layer->normed_middle, layer->gate, layer->up, layer->activated,
                  layer->raw_q,    layer->raw_k,  layer->r_q,      layer->r_k};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
  for (int projection = 0; projection < PROJECTIONS; projection++) linear_free(&layer->map[projection]);
}

static Attention attention_of(const Config *config) {
  return (Attention){.query_heads = config->heads, .key_heads = config->key_heads, .head_dimension = config->head_dimension};
}

// From layer->x to y: tokens × hidden.
static void layer_forward(Model *model, Layer *layer, const Batch *batch, float *y) {
  const Config *config = &model->config;
  const size_t tokens = batch->tokens, count = tokens * config->hidden;
  const size_t queries = config->heads * config->head_dimension, keys = config->key_heads * config->head_dimension;
  const float epsilon = (float)config->norm_epsilon;
  float *branch = floats(count);

  norm_forward(tokens, config->hidden, epsilon, layer->x, layer->input_norm->value, layer->r_x, layer->normed_x);
  linear_forward(&layer->map[QUERY], batch, layer->normed_x, layer->query_norm ? layer->raw_q : layer->q);
  linear_forward(&layer->map[KEY], batch, layer->normed_x, layer->key_norm ? layer->raw_k : layer->k);
  linear_forward(&layer->map[VALUE], batch, layer->normed_x, layer->v);
  if (config->head_norms) {
    norm_forward(tokens * config->heads, config->head_dimension, epsilon, layer->raw_q, layer->query_norm->value, layer->r_q, layer->q);
    norm_forward(tokens * config->key_heads, config->head_dimension, epsilon, layer->raw_k, layer->key_norm->value, layer->r_k, layer->k);
  }
  rotary_forward(&model->rotary, tokens, config->heads, batch->positions, layer->q);
  rotary_forward(&model->rotary, tokens, config->key_heads, batch->positions, layer->k);
  for (size_t s = 0; s < batch->segments; s++) {
    const size_t first = batch->starts[s], length = batch->starts[s + 1] - first;
    attention_forward(
      attention_of(config), length, layer->q + first * queries, layer->k + first * keys, layer->v + first * keys,
      layer->attended + first * queries);
  }
  linear_forward(&layer->map[OUTPUT], batch, layer->attended, branch);
  for (size_t i = 0; i < count; i++) layer->middle[i] = layer->x[i] + branch[i];

  norm_forward(tokens, config->hidden, epsilon, layer->middle, layer->middle_norm->value, layer->r_middle, layer->normed_middle);
  linear_forward(&layer->map[GATE], batch, layer->normed_middle, layer->gate);
  linear_forward(&layer->map[UP], batch, layer->normed_middle, layer->up);
  silu_forward(tokens * config->intermediate, layer->gate, layer->up, layer->activated);
  memset(branch, 0, count * sizeof(float));
  linear_forward(&layer->map[DOWN], batch, layer->activated, branch);
  for (size_t i = 0; i < count; i++) y[i] = layer->middle[i] + branch[i];
  free(branch);
}

// d of the stream after the layer becomes d of the stream before it.
static void layer_backward(Model *model, Layer *layer, const Batch *batch, float *stream) {
  const Config *config = &model->config;
  const size_t tokens = batch->tokens, hidden = config->hidden, wide = tokens * config->intermediate;
  const size_t queries = config->heads * config->head_dimension, keys = config->key_heads * config->head_dimension;
  Linear *map = layer->map;
  float *branch = floats(tokens * hidden);

  float *d_activated = floats(wide), *d_gate = floats(wide), *d_up = floats(wide);
  linear_backward(1, (Linear *[]){&map[DOWN]}, batch, layer->activated, (const float *[]){stream}, d_activated);
  silu_backward(wide, layer->gate, layer->up, d_activated, d_gate, d_up);
  linear_backward(2, (Linear *[]){&map[GATE], &map[UP]}, batch, layer->normed_middle, (const float *[]){d_gate, d_up}, branch);
  norm_backward(
    tokens, hidden, branch, layer->middle, layer->middle_norm->value, layer->r_middle, stream, stream, layer->middle_norm->gradient);

  float *d_attended = floats(tokens * queries), *dq = floats(tokens * queries), *dk = floats(tokens * keys), *dv = floats(tokens * keys);
  linear_backward(1, (Linear *[]){&map[OUTPUT]}, batch, layer->attended, (const float *[]){stream}, d_attended);
  for (size_t s = 0; s < batch->segments; s++) {
    const size_t first = batch->starts[s], length = batch->starts[s + 1] - first, q = first * queries, k = first * keys;
    attention_backward(
      attention_of(config), length, layer->q + q, layer->k + k, layer->v + k, layer->attended + q, d_attended + q, dq + q, dk + k, dv + k);
  }
  rotary_backward(&model->rotary, tokens, config->heads, batch->positions, dq);
  rotary_backward(&model->rotary, tokens, config->key_heads, batch->positions, dk);
  if (config->head_norms) {
    const size_t q_rows = tokens * config->heads, k_rows = tokens * config->key_heads, width = config->head_dimension;
    norm_backward(q_rows, width, dq, layer->raw_q, layer->query_norm->value, layer->r_q, NULL, dq, layer->query_norm->gradient);
    norm_backward(k_rows, width, dk, layer->raw_k, layer->key_norm->value, layer->r_k, NULL, dk, layer->key_norm->gradient);
  }
  memset(branch, 0, tokens * hidden * sizeof(float));
  linear_backward(3, (Linear *[]){&map[QUERY], &map[KEY], &map[VALUE]}, batch, layer->normed_x, (const float *[]){dq, dk, dv}, branch);
  norm_backward(tokens, hidden, branch, layer->x, layer->input_norm->value, layer->r_x, stream, stream, layer->input_norm->gradient);

  float *all[] = {branch, d_activated, d_gate, d_up, d_attended, dq, dk, dv};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

// MARK: The head

// Over the supervised rows alone. With a divisor, d of the stream: +0 in every other row.
static void head_pass(Model *model, const Batch *batch, const float *stream, size_t divisor, float *head_gradient, float *d_stream, float *nll) {
  const size_t hidden = model->config.hidden, vocabulary = model->config.vocabulary, rows = batch->supervised;
  Tensor *norm = find(&model->base, "model.norm.weight");
  const Tensor *head = find(&model->base, model->config.tied ? "model.embed_tokens.weight" : "lm_head.weight");
  float *x = floats(rows * hidden), *normed = floats(rows * hidden), *dx = floats(rows * hidden), *r = floats(rows);
  float *logits = floats(rows * vocabulary);
  for (size_t s = 0; s < rows; s++) memcpy(x + s * hidden, stream + batch->rows[s] * hidden, hidden * sizeof(float));
  norm_forward(rows, hidden, (float)model->config.norm_epsilon, x, norm->value, r, normed);
  product_forward(rows, vocabulary, hidden, normed, head->value, logits);
  const float coefficient = 1 / (float)divisor;
  for (size_t s = 0; s < rows; s++) nll[s] = cross_entropy(vocabulary, logits + s * vocabulary, batch->targets[s], divisor ? &coefficient : NULL);
  if (divisor) {
    product_weight(rows, vocabulary, hidden, logits, normed, head_gradient);
    product_input(rows, vocabulary, hidden, logits, head->value, dx);
    norm_backward(rows, hidden, dx, x, norm->value, r, NULL, dx, norm->gradient);
    for (size_t s = 0; s < rows; s++) memcpy(d_stream + batch->rows[s] * hidden, dx + s * hidden, hidden * sizeof(float));
  }
  float *all[] = {x, normed, dx, r, logits};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

// MARK: The pass

static void clear_gradients(Tensors *tensors) {
  for (size_t i = 0; i < tensors->count; i++)
    memset(tensors->all[i].gradient, 0, tensors->all[i].rows * tensors->all[i].columns * sizeof(float));
}

static void backward(Model *model, Layer *layers, const Batch *batch, const float *final, size_t divisor, float *nll) {
  const size_t hidden = model->config.hidden, table = model->config.vocabulary * hidden;
  Tensor *embedding = find(&model->base, "model.embed_tokens.weight"), *head = find(&model->base, "lm_head.weight");
  float *stream = floats(batch->tokens * hidden);
  float *tied_gradient = floats(model->config.tied ? table : 0);
  head_pass(model, batch, final, divisor, model->config.tied ? tied_gradient : head->gradient, stream, nll);
  for (size_t l = model->config.layers; l-- > 0;) layer_backward(model, &layers[l], batch, stream);
  for (size_t t = 0; t < batch->tokens; t++)
    for (size_t j = 0; j < hidden; j++) {
      float *sum = &embedding->gradient[batch->ids[t] * hidden + j];
      *sum = *sum + stream[t * hidden + j];
    }
  for (size_t i = 0; i < table && model->config.tied; i++) embedding->gradient[i] = embedding->gradient[i] + tied_gradient[i];
  free(stream);
  free(tied_gradient);
}

void model_pass(Model *model, size_t first, size_t count, const Example *const *examples, size_t divisor, float *nll) {
  const size_t hidden = model->config.hidden, layer_count = model->config.layers;
  Batch batch = batch_of(first, count, examples);
  const Tensor *embedding = find(&model->base, "model.embed_tokens.weight");
  Layer *layers = zeros(layer_count, sizeof(Layer));
  float *final = floats(batch.tokens * hidden);
  for (size_t l = 0; l < layer_count; l++) layers[l] = layer_make(model, l, &batch, divisor > 0);
  for (size_t t = 0; t < batch.tokens; t++)
    memcpy((layer_count ? layers[0].x : final) + t * hidden, embedding->value + batch.ids[t] * hidden, hidden * sizeof(float));
  for (size_t l = 0; l < layer_count; l++) layer_forward(model, &layers[l], &batch, l + 1 < layer_count ? layers[l + 1].x : final);
  if (divisor) {
    clear_gradients(&model->base);
    clear_gradients(&model->adapter);
    backward(model, layers, &batch, final, divisor, nll);
  } else {
    head_pass(model, &batch, final, 0, NULL, NULL, nll);
  }
  for (size_t l = 0; l < layer_count; l++) layer_free(&layers[l]);
  free(layers);
  free(final);
  batch_free(&batch);
}
