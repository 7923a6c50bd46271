// libarchive's reader for archives that others wrote, and the few of its macros that Swift cannot see.
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

typedef enum car_kind { CAR_FILE, CAR_FOLDER, CAR_LINK, CAR_OTHER } car_kind;

// The macros AE_IF… hold casts. A hard link of a tar says that it is a regular file, and has a target.
static inline car_kind car_entry_kind(struct archive_entry *entry) {
  if (archive_entry_hardlink(entry) != NULL || archive_entry_symlink(entry) != NULL) return CAR_LINK;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return CAR_FILE;
    case AE_IFDIR: return CAR_FOLDER;
    case AE_IFLNK: return CAR_LINK;
    default: return CAR_OTHER;
  }
}

// libarchive brings names into the encoding of the thread's locale, and loses what that cannot hold; in the locale "C", with which every
// program starts, that is everything but ASCII. Null where the system has no UTF-8 locale of this name.
static inline locale_t car_utf8_locale(void) { return newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); }
