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

/* A name while a folder is read: its first bytes as one number, by which nearly every comparison is decided. */
typedef struct {
  uint64_t first;
  size_t name;
  uint32_t length;
  uint8_t is_folder; /* as far as the folder tells; what it does not tell is looked at first */
  uint8_t is_ascii;
} found_name;

static uint64_t first_bytes(const char *name, size_t length) {
  unsigned char bytes[8] = {0};
  memcpy(bytes, name, length < 8 ? length : 8);
  uint64_t number = 0;
  for (int i = 0; i < 8; i++) number = number << 8 | bytes[i];
  return number;
}

/* Names are not empty, none begins another's folder: comparing past the end needs the slash alone. A name holds no 0, so that of two
   different numbers the greater is of the name that comes later, unless one name ends within them. */
static int by_bytes(const void *left, const void *right, void *names) {
  const found_name *a = left, *b = right;
  if (a->first != b->first && a->length >= 8 && b->length >= 8) return a->first < b->first ? -1 : 1;
  const char *x = (const char *)names + a->name, *y = (const char *)names + b->name;
  size_t shorter = a->length < b->length ? a->length : b->length;
  int order = memcmp(x, y, shorter);
  if (order) return order;
  unsigned char next_a = a->length > shorter ? (unsigned char)x[shorter] : a->is_folder ? '/' : 0;
  unsigned char next_b = b->length > shorter ? (unsigned char)y[shorter] : b->is_folder ? '/' : 0;
  return (int)next_a - (int)next_b;
}

static int is_folder(int folder, const struct dirent *found) {
  struct stat status;
  if (found->d_type != DT_UNKNOWN) return found->d_type == DT_DIR;
  return fstatat(folder, found->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

static int read_names(DIR *stream, const char *ignore_file, disk_listing *listing, found_name **found_names) {
  size_t found_room = 0, name_room = 0;
  for (;;) {
    errno = 0; /* readdir(3): the end and an error look the same but for errno */
    struct dirent *found = readdir(stream);
    if (!found) return errno;
    if (found->d_name[0] == '.') {
      if (strcmp(found->d_name, ignore_file) == 0) listing->has_ignore_file = 1;
      continue;
    }
    size_t length = strlen(found->d_name) + 1; /* its end is kept, for the calls */
    int code = grow((void **)found_names, &found_room, listing->count, 1, sizeof(found_name));
    if (!code) code = grow((void **)&listing->names, &name_room, listing->name_byte_count, length, 1);
    if (code) return code;
    found_name *name = &(*found_names)[listing->count++];
    memcpy(listing->names + listing->name_byte_count, found->d_name, length);
    name->first = first_bytes(found->d_name, length - 1);
    name->name = listing->name_byte_count;
    name->length = (uint32_t)(length - 1);
    name->is_folder = (uint8_t)is_folder(dirfd(stream), found);
    name->is_ascii = 1;
    for (size_t i = 0; i < length; i++) name->is_ascii &= (unsigned char)found->d_name[i] < 0x80;
    listing->name_byte_count += length;
  }
}

static int make_entries(disk_listing *listing, const found_name *names) {
  if (listing->count == 0) return 0;
  listing->entries = calloc(listing->count, sizeof(disk_entry));
  if (!listing->entries) return ENOMEM;
  for (size_t i = 0; i < listing->count; i++) {
    listing->entries[i].name = names[i].name;
    listing->entries[i].name_length = names[i].length;
    listing->entries[i].is_ascii = names[i].is_ascii;
  }
  return 0;
}

int disk_list(const char *folder, const char *ignore_file, disk_listing *listing) {
  memset(listing, 0, sizeof *listing);
  listing->descriptor = -1;
  DIR *stream = opendir(folder);
  if (!stream) return errno;
  found_name *names = NULL;
  int code = read_names(stream, ignore_file, listing, &names);
  if (!code && listing->count) {
    qsort_r(names, listing->count, sizeof(found_name), by_bytes, listing->names);
    code = make_entries(listing, names);
  }
  free(names);
  if (!code) {
    listing->descriptor = fcntl(dirfd(stream), F_DUPFD_CLOEXEC, 0);
    if (listing->descriptor < 0) code = errno;
  }
  closedir(stream);
  return code;
}

void disk_look(disk_listing *listing, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    disk_entry *entry = &listing->entries[i];
    struct stat status;
    if (fstatat(listing->descriptor, listing->names + entry->name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      entry->code = errno;
      continue;
    }
    entry->byte_count = status.st_size;
    entry->modified_ns = nanoseconds(status.st_mtim);
    entry->changed_ns = nanoseconds(status.st_ctim);
    entry->device = status.st_dev;
    entry->inode = status.st_ino;
    entry->mode = status.st_mode;
  }
}

void disk_free(disk_listing *listing) {
  if (listing->descriptor >= 0) close(listing->descriptor);
  free(listing->entries);
  free(listing->names);
  memset(listing, 0, sizeof *listing);
}
