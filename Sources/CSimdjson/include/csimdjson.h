// A C face for simdjson: Swift cannot call its templates.
#ifndef CSIMDJSON_H
#define CSIMDJSON_H
#endif
