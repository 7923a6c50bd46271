// libcrypto's digest interface: SHA-256 with the CPU's own instructions.
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
