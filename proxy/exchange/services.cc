#include "proxy/exchange/services.h"

namespace banyan::exchange {
namespace {

// One large head must not make every pooled object large.
constexpr std::size_t kKeptBytesMax = 8 * 1024;

void shrink(std::string& s) {
  if (s.capacity() > kKeptBytesMax) std::string().swap(s);
}

}  // namespace

void Heads::clear() {
  request.clear();
  forwarded.clear();
  response.clear();
  trailers.clear();
  path.clear();
  key.clear();
  for (Headers* h : {&request.headers, &forwarded.headers, &response.headers, &trailers}) {
    h->shrink(kKeptBytesMax);
  }
  for (Text* t : {&request.target, &request.authority, &forwarded.target, &forwarded.authority,
                  &response.reason}) {
    t->shrink(kKeptBytesMax);
  }
  for (std::string* s : {&path, &key}) shrink(*s);
}

}  // namespace banyan::exchange
