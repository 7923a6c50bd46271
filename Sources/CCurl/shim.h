// libcurl, and what of it Swift cannot call: curl_easy_setopt(3) and curl_easy_getinfo(3) take variable arguments.
#include <curl/curl.h>

typedef size_t (*ccurl_bytes)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode ccurl_set_number(CURL *handle, CURLoption option, long value) { return curl_easy_setopt(handle, option, value); }
static inline CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *value) { return curl_easy_setopt(handle, option, value); }
static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) { return curl_easy_setopt(handle, option, value); }

// `option` is CURLOPT_WRITEFUNCTION or CURLOPT_HEADERFUNCTION, `data` the one that goes with it.
static inline CURLcode ccurl_set_listener(CURL *handle, CURLoption option, CURLoption data, ccurl_bytes listener, void *context) {
  CURLcode code = curl_easy_setopt(handle, option, listener);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, data, context);
}
