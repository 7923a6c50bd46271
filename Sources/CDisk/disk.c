#define _GNU_SOURCE
#include "CDisk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int disk_punch_hole(int descriptor, int64_t offset, int64_t length) {
  return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

int disk_start_writing_back(int descriptor, int64_t offset, int64_t length) {
  return sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}

int disk_write_directly(int descriptor, int is_direct) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, is_direct ? flags | O_DIRECT : flags & ~O_DIRECT);
}

int disk_synchronize_file_system(int descriptor) { return syncfs(descriptor); }

int disk_rename_new(const char *source, const char *target) {
  return renameat2(AT_FDCWD, source, AT_FDCWD, target, RENAME_NOREPLACE);
}

/* Room for one more of `size` bytes each, where `used` are used; 0 or ENOMEM. */
static int grow(void **block, size_t *room, size_t used, size_t needed, size_t size) {
  if (used + needed <= *room) return 0;
  size_t more = *room ? *room * 2 : 64;
  while (more < used + needed) more *= 2;
  void *grown = realloc(*block, more * size);
  if (!grown) return ENOMEM;
  *block = grown;
  *room = more;
  return 0;
}

static int64_t nanoseconds(struct timespec time) { return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec; }

static void look(int folder, const char *name, disk_entry *entry) {
  struct stat status;
  if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    entry->code = errno;
    return;
  }
  entry->byte_count = status.st_size;
  entry->modified_ns = nanoseconds(status.st_mtim);
  entry->changed_ns = nanoseconds(status.st_ctim);
  entry->device = status.st_dev;
  entry->inode = status.st_ino;
  entry->mode = status.st_mode;
}

/* Names are not empty, none begins another's folder: comparing past the end needs the slash alone. */
static int by_bytes(const void *left, const void *right, void *names) {
  const disk_entry *a = left, *b = right;
  const char *x = (const char *)names + a->name, *y = (const char *)names + b->name;
  size_t shorter = a->name_length < b->name_length ? a->name_length : b->name_length;
  int order = memcmp(x, y, shorter);
  if (order) return order;
  unsigned char next_a = a->name_length > shorter ? (unsigned char)x[shorter] : S_ISDIR(a->mode) ? '/' : 0;
  unsigned char next_b = b->name_length > shorter ? (unsigned char)y[shorter] : S_ISDIR(b->mode) ? '/' : 0;
  return (int)next_a - (int)next_b;
}

static int read_all(DIR *stream, const char *ignore_file, disk_listing *listing) {
  size_t entry_room = 0, name_room = 0, name_used = 0;
  for (;;) {
    errno = 0; /* readdir(3): the end and an error look the same but for errno */
    struct dirent *found = readdir(stream);
    if (!found) return errno;
    if (found->d_name[0] == '.') {
      if (strcmp(found->d_name, ignore_file) == 0) listing->has_ignore_file = 1;
      continue;
    }
    size_t length = strlen(found->d_name);
    int code = grow((void **)&listing->entries, &entry_room, listing->count, 1, sizeof(disk_entry));
    if (!code) code = grow((void **)&listing->names, &name_room, name_used, length, 1);
    if (code) return code;
    disk_entry *entry = &listing->entries[listing->count++];
    memset(entry, 0, sizeof *entry);
    memcpy(listing->names + name_used, found->d_name, length);
    entry->name = name_used;
    entry->name_length = (uint32_t)length;
    name_used += length;
    look(dirfd(stream), found->d_name, entry);
  }
}

int disk_list(const char *folder, const char *ignore_file, disk_listing *listing) {
  memset(listing, 0, sizeof *listing);
  DIR *stream = opendir(folder);
  if (!stream) return errno;
  int code = read_all(stream, ignore_file, listing);
  closedir(stream);
  if (!code && listing->count) qsort_r(listing->entries, listing->count, sizeof(disk_entry), by_bytes, listing->names);
  return code;
}

void disk_free(disk_listing *listing) {
  free(listing->entries);
  free(listing->names);
  memset(listing, 0, sizeof *listing);
}
