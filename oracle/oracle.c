// Reads a job, trains it step by step as docs/numerics.md says, and prints every number exactly. README.md describes both formats.
#include "oracle.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Job {
  Config config;
  Adapter adapter;
  Schedule schedule;
  double rate, warmup_fraction, clip;
  Adam adam;
  size_t steps, batch, longest;
  uint64_t base_seed, seed;
  char weights[512], start[512];  // "" where the base, or the adapter, is fresh
  size_t example_count;
  Example *examples;
} Job;

static _Noreturn void refuse(const char *what, const char *word) {
  fprintf(stderr, "oracle: %s \"%s\"\n", what, word);
  exit(2);
}

// MARK: Reading

static void read_word(FILE *file, char word[512]) {
  if (fscanf(file, "%511s", word) != 1) refuse("the job ends where a word is due", "");
}

static uint64_t read_integer(FILE *file) {
  char word[512], *end;
  read_word(file, word);
  const uint64_t value = strtoull(word, &end, 10);
  if (*end) refuse("not an integer:", word);
  return value;
}

static size_t read_count(FILE *file) { return (size_t)read_integer(file); }

static double read_number(FILE *file) {
  char word[512], *end;
  read_word(file, word);
  const double value = strtod(word, &end);
  if (*end) refuse("not a number:", word);
  return value;
}

static void read_projections(FILE *file, bool listed[PROJECTIONS]) {
  const size_t count = read_count(file);
  for (size_t i = 0; i < count; i++) {
    char word[512];
    int projection = 0;
    read_word(file, word);
    while (projection < PROJECTIONS && strcmp(word, projection_names[projection]) != 0) projection++;
    if (projection == PROJECTIONS) refuse("no projection is called", word);
    listed[projection] = true;
  }
}

static void read_examples(FILE *file, Job *job) {
  job->example_count = read_count(file);
  job->examples = zeros(job->example_count, sizeof(Example));
  for (size_t e = 0; e < job->example_count; e++) {
    Example *example = &job->examples[e];
    example->count = read_count(file);
    example->tokens = zeros(example->count, sizeof(size_t));
    example->supervised = zeros(example->count, sizeof(bool));
    for (size_t i = 0; i < example->count; i++) {
      example->tokens[i] = read_count(file);
      example->supervised[i] = read_count(file) != 0;
      if (example->tokens[i] >= job->config.vocabulary) refuse("a token is outside the vocabulary", "");
    }
  }
}

static Schedule schedule_named(const char *word) {
  if (strcmp(word, "constant") == 0) return CONSTANT;
  if (strcmp(word, "linear") == 0) return LINEAR;
  if (strcmp(word, "cosine") == 0) return COSINE;
  refuse("no schedule is called", word);
}

static Job read_job(FILE *file) {
  Job job = {.adam = {.power1 = 1, .power2 = 1}};
  const struct {
    const char *name;
    size_t *value;
  } counts[] = {
    {"vocabulary", &job.config.vocabulary}, {"hidden", &job.config.hidden},       {"intermediate", &job.config.intermediate},
    {"layers", &job.config.layers},         {"heads", &job.config.heads},         {"key-heads", &job.config.key_heads},
    {"head-dimension", &job.config.head_dimension}, {"rank", &job.adapter.rank},  {"steps", &job.steps},
    {"batch", &job.batch},                  {"longest", &job.longest},
  };
  const struct {
    const char *name;
    double *value;
  } numbers[] = {
    {"theta", &job.config.theta},   {"norm-epsilon", &job.config.norm_epsilon}, {"range", &job.config.range},
    {"alpha", &job.adapter.alpha},  {"rate", &job.rate},                        {"warmup", &job.warmup_fraction},
    {"clip", &job.clip},            {"beta1", &job.adam.beta1},                 {"beta2", &job.adam.beta2},
    {"epsilon", &job.adam.epsilon}, {"decay", &job.adam.weight_decay},          {"stretch", &job.config.stretch.factor},
    {"low", &job.config.stretch.low}, {"high", &job.config.stretch.high},       {"original", &job.config.stretch.original},
    {"dropout", &job.adapter.dropout},
  };
  char word[512];
  while (read_word(file, word), strcmp(word, "examples") != 0) {
    bool known = true;
    if (strcmp(word, "tied") == 0) job.config.tied = read_count(file) != 0;
    else if (strcmp(word, "base-seed") == 0) job.base_seed = read_integer(file);
    else if (strcmp(word, "seed") == 0) job.seed = read_integer(file);
    else if (strcmp(word, "weights") == 0) read_word(file, job.weights);
    else if (strcmp(word, "start") == 0) read_word(file, job.start);
    else if (strcmp(word, "targets") == 0) read_projections(file, job.adapter.targets);
    else if (strcmp(word, "biases") == 0) read_projections(file, job.config.biased);
    else if (strcmp(word, "head-norms") == 0) job.config.head_norms = read_count(file) != 0;
    else if (strcmp(word, "rank-stabilized") == 0) job.adapter.rank_stabilized = read_count(file) != 0;
    else if (strcmp(word, "schedule") == 0) read_word(file, word), job.schedule = schedule_named(word);
    else known = false;
    for (size_t i = 0; i < sizeof counts / sizeof *counts && !known; i++)
      if (strcmp(word, counts[i].name) == 0) *counts[i].value = read_count(file), known = true;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !known; i++)
      if (strcmp(word, numbers[i].name) == 0) *numbers[i].value = read_number(file), known = true;
    if (!known) refuse("no such field:", word);
  }
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    if (*counts[i].value == 0 && counts[i].value != &job.adapter.rank && counts[i].value != &job.steps) refuse("missing or 0:", counts[i].name);
  if (job.config.heads % job.config.key_heads != 0 || job.config.head_dimension % 2 != 0) refuse("these heads do not fit:", "key-heads, head-dimension");
  read_examples(file, &job);
  return job;
}

// All tensors in name order, as little-endian float32 end to end.
static void read_weights(const char *path, Tensors *tensors) {
  FILE *file = fopen(path, "rb");
  if (!file) refuse("cannot read", path);
  for (size_t i = 0; i < tensors->count; i++)
    for (size_t j = 0; j < tensors->all[i].rows * tensors->all[i].columns; j++) {
      unsigned char bytes[4];
      if (fread(bytes, 1, 4, file) != 4) refuse("too short:", path);
      const uint32_t word = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
      memcpy(&tensors->all[i].value[j], &word, 4);
    }
  if (fgetc(file) != EOF) refuse("too long:", path);
  fclose(file);
}

// MARK: Training

// The examples of every step: the epochs' permutations of those that have something to learn, each cut into steps.
typedef struct Plan {
  const Example **examples;  // of all steps, one after the other
  size_t *ends;              // one past the last example of each step
} Plan;

static Plan plan_of(const Job *job) {
  enum { EXAMPLE_ORDER = 1 };
  size_t count = 0, steps = 0, placed = 0;
  const Example **candidates = zeros(job->example_count, sizeof *candidates);
  for (size_t e = 0; e < job->example_count; e++)
    if (supervised_count(&job->examples[e]) > 0) candidates[count++] = &job->examples[e];
  if (count == 0 && job->steps > 0) refuse("nothing is supervised", "");
  Plan plan = {.examples = zeros((job->steps + 1) * (job->batch + count), sizeof *plan.examples), .ends = zeros(job->steps, sizeof(size_t))};
  size_t *order = zeros(count, sizeof(size_t));
  for (uint32_t epoch = 0; steps < job->steps; epoch++) {
    permutation((Stream){job->seed, EXAMPLE_ORDER, epoch}, count, order);
    for (size_t i = 0; i < count && steps < job->steps; i++) {
      plan.examples[placed++] = candidates[order[i]];
      if ((i + 1) % job->batch == 0 || i + 1 == count) plan.ends[steps++] = placed;
    }
  }
  free(order);
  free(candidates);
  return plan;
}

// `first` examples stand before these in the plan.
static void take_step(Job *job, Model *model, size_t step, size_t first, size_t count, const Example *const *examples) {
  size_t divisor = 0;
  for (size_t e = 0; e < count; e++) divisor += supervised_count(examples[e]);
  float *nll = floats(divisor);
  model_pass(model, first, count, examples, divisor, nll);
  double sum = 0;
  for (size_t i = 0; i < divisor; i++) sum = sum + nll[i];

  Tensors *tensors = trained(model);
  size_t *counts = zeros(tensors->count, sizeof(size_t));
  float **gradients = zeros(tensors->count, sizeof(float *));
  for (size_t i = 0; i < tensors->count; i++) {
    counts[i] = tensors->all[i].rows * tensors->all[i].columns;
    gradients[i] = tensors->all[i].gradient;
  }
  const double norm = norm_of_squares(tensors->count, counts, gradients);
  const size_t warmup = (size_t)floor(job->warmup_fraction * (double)job->steps);
  const double rate = rate_of(job->schedule, job->rate, step, job->steps, warmup);
  const float clip = clip_factor(norm, job->clip);
  adam_begin(&job->adam, rate);
  for (size_t i = 0; i < tensors->count; i++) {
    Tensor *tensor = &tensors->all[i];
    adam_update(&job->adam, counts[i], tensor->decays, clip, tensor->gradient, tensor->value, tensor->m, tensor->v);
  }
  printf("step %zu loss %a norm %a rate %a clip %a\n", step, sum / (double)divisor, norm, rate, (double)clip);
  free(counts);
  free(gradients);
  free(nll);
}

// MARK: Printing

static void print_tensors(const Tensors *tensors) {
  for (size_t i = 0; i < tensors->count; i++) {
    const Tensor *tensor = &tensors->all[i];
    const size_t count = tensor->rows * tensor->columns;
    printf("tensor %s %zu\n", tensor->name, count);
    for (size_t j = 0; j < count; j++) printf("%a %a %a\n", (double)tensor->value[j], (double)tensor->m[j], (double)tensor->v[j]);
  }
}

static void print_score(Model *model, const Example *example, size_t ordinal) {
  const size_t count = supervised_count(example);
  float *nll = floats(count);
  int64_t score = 0;
  model_pass(model, 0, 1, &example, 0, nll);
  for (size_t i = 0; i < count; i++) {
    if (!(fabsf(nll[i]) < 0x1p+20f)) refuse("a loss is too large to score", "");
    score += score_of(nll[i]);
  }
  printf("score %zu %" PRId64 " %zu\n", ordinal, score, count);
  free(nll);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "sweep") == 0) {
    sweep((uint32_t)strtoul(argv[2], NULL, 10));
    return fflush(stdout) ? 1 : 0;
  }
  if (argc == 2 && strcmp(argv[1], "answers") == 0) {
    answers();
    return fflush(stdout) ? 1 : 0;
  }
  if (argc != 2) {
    fprintf(stderr, "usage: oracle JOB\n       oracle sweep STRIDE\n       oracle answers\n");
    return 2;
  }
  FILE *file = fopen(argv[1], "r");
  if (!file) refuse("cannot read", argv[1]);
  Job job = read_job(file);
  fclose(file);
  for (size_t e = 0; e < job.example_count; e++)
    if (job.examples[e].count > job.longest) job.examples[e].count = job.longest;

  Model model;
  model_make(&model, job.config, job.adapter);
  model.seed = job.seed;
  if (*job.weights) read_weights(job.weights, &model.base);
  else base_fresh(&model, job.base_seed);
  if (*job.start) read_weights(job.start, &model.adapter);
  else adapter_fresh(&model, job.seed);

  const Plan plan = plan_of(&job);
  for (size_t step = 0; step < job.steps; step++) {
    const size_t first = step == 0 ? 0 : plan.ends[step - 1];
    take_step(&job, &model, step, first, plan.ends[step] - first, plan.examples + first);
  }
  print_tensors(trained(&model));
  for (size_t e = 0; e < job.example_count; e++) print_score(&model, &job.examples[e], e);
  return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
