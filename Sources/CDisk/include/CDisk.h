/* System calls of Linux that the C library keeps behind _GNU_SOURCE, where Swift does not see them, and the listing of a folder, whose
   hundred thousand calls are no place for conversions. Each gives what the call gives. */
#ifndef CDISK_H
#define CDISK_H

#include <stddef.h>
#include <stdint.h>

/* fallocate(2) with FALLOC_FL_PUNCH_HOLE: gives blocks back, and keeps the size. */
int disk_punch_hole(int descriptor, int64_t offset, int64_t length);

/* sync_file_range(2) with SYNC_FILE_RANGE_WRITE: begins to write back, and waits for nothing. */
int disk_start_writing_back(int descriptor, int64_t offset, int64_t length);

/* fcntl(2) with F_SETFL: sets or clears O_DIRECT. EINVAL where the file system does not know it. */
int disk_write_directly(int descriptor, int is_direct);

/* syncfs(2): what was written to the file system of this descriptor is durable. */
int disk_synchronize_file_system(int descriptor);

/* renameat2(2) with RENAME_NOREPLACE: EEXIST where something is at `target`. */
int disk_rename_new(const char *source, const char *target);

/* One name, and what lstat(2) says of it. */
typedef struct {
  int64_t byte_count;
  int64_t modified_ns;
  int64_t changed_ns;
  uint64_t device;
  uint64_t inode;
  size_t name; /* where it begins in `names` */
  uint32_t name_length;
  uint32_t mode;
  int32_t code; /* 0, or the errno with which it could not be looked at */
  int32_t is_ascii; /* the name */
} disk_entry;

typedef struct {
  disk_entry *entries;
  char *names; /* each with a 0 at its end */
  size_t count;
  size_t name_byte_count;
  int has_ignore_file;
  int descriptor; /* of the folder */
} disk_listing;

/* The names in a folder that do not begin with a dot, sorted by their bytes, a folder's as if a slash followed. `ignore_file` is the hidden
   name whose presence is told. 0 or an errno; to be freed in either case. */
int disk_list(const char *folder, const char *ignore_file, disk_listing *listing);

/* lstat(2) of the entries from `from` up to `to`. Several threads may look at parts of one listing. */
void disk_look(disk_listing *listing, size_t from, size_t to);

void disk_free(disk_listing *listing);

#endif
