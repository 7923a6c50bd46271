// libsodium: Ed25519 keys, Argon2id and authenticated encryption of key files.
#include <sodium.h>
