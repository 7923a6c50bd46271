// libarchive: tar in and out.
#include <archive.h>
#include <archive_entry.h>
