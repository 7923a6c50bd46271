/* System calls of Linux that the C library keeps behind _GNU_SOURCE, where Swift does not see them. Each gives what the call gives. */
#ifndef CDISK_H
#define CDISK_H

#include <stdint.h>

/* fallocate(2) with FALLOC_FL_PUNCH_HOLE: gives blocks back, and keeps the size. */
int disk_punch_hole(int descriptor, int64_t offset, int64_t length);

/* sync_file_range(2) with SYNC_FILE_RANGE_WRITE: begins to write back, and waits for nothing. */
int disk_start_writing_back(int descriptor, int64_t offset, int64_t length);

/* renameat2(2) with RENAME_NOREPLACE: EEXIST where something is at `target`. */
int disk_rename_new(const char *source, const char *target);

#endif
