// Answers that mean the same, written in many ways, and others that mean something else by a
// little.
//
// The models are made first and the bytes from them, so nothing has to be read back in a second
// way: what is equal and what is not is known.
#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "shadow/diff/proto_schema.h"
#include "tests/fuzz/pair_fuzz.h"
#include "tests/fuzz/proto_model.h"
#include "tests/support/seed.h"
#include "tests/unit/shadow/deflated.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::test {
namespace {

using shadow::CapturedResponse;
using shadow::Verdict;
using Random = std::mt19937_64;

bool coin(Random& random) { return random() % 2 == 0; }

template <class T>
const T& any_of(const std::vector<T>& all, Random& random) {
  return all[random() % all.size()];
}

Verdict verdict_of(const CapturedResponse& left, const CapturedResponse& right,
                   const shadow::CompareRules& rules = {}) {
  auto pair = shadow::test::pair_of(left, right);
  pair.target = "/shop.Orders/Get";
  return shadow::compare(pair, rules).verdict;
}

std::string told(const CapturedResponse& left, const CapturedResponse& right) {
  return ::testing::PrintToString(left.body) + '\n' + ::testing::PrintToString(right.body);
}

// ---- multipart ----------------------------------------------------------------------------------

struct PartModel {
  std::string name;  // empty: none
  std::string filename;
  std::string type;  // empty: none
  std::string body;
  bool operator==(const PartModel&) const = default;
};
using FormModel = std::vector<PartModel>;

const std::vector<std::string> kNames{"", "a", "b", "file", "x y"};
const std::vector<std::string> kTypes{"", "text/plain", "application/octet-stream"};
// What looks like a delimiter and is none, and what ends like one.
const std::vector<std::string> kPartBodies{"",
                                           "one",
                                           "two\r\nlines",
                                           "ends with one\r\n",
                                           "\r\n",
                                           "--",
                                           "--X",
                                           "\r\n--",
                                           "\n-",
                                           "x--B",
                                           "\n\n",
                                           "name=\"a\"",
                                           std::string(300, '-'),
                                           "a: b\r\n\r\nc"};

PartModel random_part(Random& random) {
  PartModel part;
  part.name = any_of(kNames, random);
  if (!part.name.empty() && coin(random)) part.filename = any_of(kNames, random);
  part.type = any_of(kTypes, random);
  part.body = any_of(kPartBodies, random);
  return part;
}

FormModel random_form(Random& random) {
  FormModel form;
  for (std::size_t n = 1 + random() % 5; n > 0; --n) form.push_back(random_part(random));
  return form;
}

// Parts of one name keep their order, those of different names have none.
FormModel reordered(const FormModel& form, Random& random) {
  FormModel rest = form, out;
  while (!rest.empty()) {
    const std::string name = any_of(rest, random).name;
    const auto first = std::find_if(rest.begin(), rest.end(),
                                    [&](const PartModel& part) { return part.name == name; });
    out.push_back(*first);
    rest.erase(first);
  }
  return out;
}

bool mean_the_same(FormModel a, FormModel b) {
  const auto by_name = [](const PartModel& x, const PartModel& y) { return x.name < y.name; };
  std::stable_sort(a.begin(), a.end(), by_name);
  std::stable_sort(b.begin(), b.end(), by_name);
  return a == b;
}

// Nothing, where it came out as it was.
std::optional<FormModel> changed(FormModel form, Random& random) {
  const FormModel before = form;
  PartModel& part = form[random() % form.size()];
  switch (random() % 5) {
    case 0:
      part.body += 'x';
      break;
    case 1:
      part.body = any_of(kPartBodies, random);
      break;
    case 2:
      part.name = any_of(kNames, random);
      if (part.name.empty()) part.filename.clear();
      break;
    case 3:
      form.push_back(random_part(random));
      break;
    default:
      form.erase(form.begin() + static_cast<std::ptrdiff_t>(random() % form.size()));
  }
  return mean_the_same(form, before) ? std::nullopt : std::optional(form);
}

std::string written(const PartModel& part, Random& random) {
  std::string disposition, type;
  if (!part.name.empty()) {
    disposition = coin(random) ? "Content-Disposition: form-data; name=\""
                               : "content-disposition:form-data;name=\"";
    disposition += part.name + "\"";
    if (!part.filename.empty()) disposition += "; filename=\"" + part.filename + "\"";
    disposition += "\r\n";
  }
  if (!part.type.empty())
    type = (coin(random) ? "Content-Type: " : "CONTENT-TYPE:") + part.type + "\r\n";
  const std::string other =
      coin(random) ? "X-Of-The-Writer: " + std::to_string(random()) + "\r\n" : "";
  return (coin(random) ? disposition + other + type : type + disposition + other) + "\r\n" +
         part.body;
}

CapturedResponse written(const FormModel& form, Random& random) {
  // In none of the bodies; one is the beginning of another.
  static const std::vector<std::string> kBoundaries{"Bo", "Bo-1", "'()+_,./:=?", "q"};
  const std::string boundary = any_of(kBoundaries, random);
  std::string body = coin(random) ? "" : "before it\r\n";
  for (const PartModel& part : form) {
    body += "--" + boundary + (coin(random) ? "" : " \t") + "\r\n" + written(part, random) + "\r\n";
  }
  body += "--" + boundary + "--" + (coin(random) ? "" : "\r\nbehind it");
  return shadow::test::response_of(
      200, {{"content-type", "multipart/form-data; boundary=\"" + boundary + "\""}}, body);
}

TEST(ModelFuzz, Rfc2046_MultipartIsItsPartsWhoeverWritesThem) {
  Random random = seeded_random();
  std::uint64_t differed = 0;
  for (std::uint64_t i = 0; i < fuzz_rounds(); ++i) {
    const FormModel form = random_form(random);
    const CapturedResponse left = written(form, random);
    const CapturedResponse right = written(reordered(form, random), random);
    ASSERT_EQ(verdict_of(left, right), Verdict::match) << told(left, right);
    const auto other = changed(form, random);
    if (!other || other->empty()) continue;
    ++differed;
    const CapturedResponse third = written(*other, random);
    ASSERT_EQ(verdict_of(left, third), Verdict::mismatch) << told(left, third);
  }
  EXPECT_GT(differed, 0U);
}

// ---- content codings ----------------------------------------------------------------------------

std::string brotli(const std::string& text, int quality) {
  std::size_t size = BrotliEncoderMaxCompressedSize(text.size()) + 64;
  std::string out(size, '\0');
  EXPECT_TRUE(BrotliEncoderCompress(quality, 22, BROTLI_MODE_GENERIC, text.size(),
                                    reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                                    reinterpret_cast<std::uint8_t*>(out.data())));
  out.resize(size);
  return out;
}

std::string zstd(const std::string& text, int level) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), level);
  EXPECT_FALSE(ZSTD_isError(size));
  out.resize(size);
  return out;
}

// One coding over the body; its name.
std::string_view encode(std::string& body, Random& random) {
  const int level = static_cast<int>(random() % 10);
  switch (random() % 7) {
    case 0:
      body = shadow::test::deflated(body, shadow::test::kGzip, level);
      return "gzip";
    case 1: {  // two members
      const std::size_t half = body.size() / 2;
      body = shadow::test::deflated(body.substr(0, half), shadow::test::kGzip, level) +
             shadow::test::deflated(body.substr(half), shadow::test::kGzip, level);
      return "x-gzip";
    }
    case 2:
      body = shadow::test::deflated(body, shadow::test::kZlib, level);
      return "deflate";
    case 3:
      body = shadow::test::deflated(body, -MAX_WBITS, level);
      return "deflate";
    case 4:
      body = brotli(body, level);
      return "br";
    case 5:
      body = zstd(body, level + 1);
      return "zstd";
    default:
      return "identity";
  }
}

CapturedResponse encoded(std::string body, Random& random) {
  std::string codings;
  for (std::size_t n = random() % 4; n > 0; --n) {
    const std::string_view coding = encode(body, random);
    if (!codings.empty()) codings += coin(random) ? "," : ", ";
    codings += coding;
  }
  CapturedResponse response =
      shadow::test::response_of(200, {{"content-type", "text/plain"}}, body);
  if (!codings.empty()) response.headers.add("content-encoding", codings);
  return response;
}

std::string random_text(Random& random) {
  std::string text;
  for (std::size_t n = random() % 200; n > 0; --n) {
    text += coin(random) ? std::string(random() % 40, 'x') : std::to_string(random());
    if (random() % 4 == 0) text += '\n';
  }
  return text;
}

TEST(ModelFuzz, Rfc9110_8_4_AnyCodingOfTheSameTextIsTheSame) {
  Random random = seeded_random();
  for (std::uint64_t i = 0; i < fuzz_rounds(1'000); ++i) {
    const std::string text = random_text(random);
    const CapturedResponse left = encoded(text, random), right = encoded(text, random);
    ASSERT_EQ(verdict_of(left, right), Verdict::match)
        << left.headers.find(HeaderId::content_encoding).value_or("") << " | "
        << right.headers.find(HeaderId::content_encoding).value_or("") << '\n'
        << told(left, right);
    std::string other = text + 'y';
    if (!text.empty() && coin(random)) {
      other = text;
      other[random() % other.size()] = 'y';
    }
    const CapturedResponse third = encoded(other, random);
    ASSERT_EQ(verdict_of(left, third), Verdict::mismatch) << told(left, third);
  }
}

// A body that stops in the middle is another one, whatever had been decoded by then.
TEST(ModelFuzz, Rfc9110_8_4_ACutCodingIsNeverTheSame) {
  Random random = seeded_random();
  for (std::uint64_t i = 0; i < fuzz_rounds(1'000); ++i) {
    const CapturedResponse left = encoded(random_text(random) + "end", random);
    CapturedResponse cut = left;
    cut.body.resize(random() % cut.body.size());
    ASSERT_EQ(verdict_of(left, cut), Verdict::mismatch) << told(left, cut);
  }
}

// ---- gRPC ---------------------------------------------------------------------------------------

using Stream = std::vector<OrderModel>;

std::shared_ptr<const shadow::ProtoSchema> schema() {
  std::ifstream file(BANYAN_ORDERS_DESCRIPTORS, std::ios::binary);
  std::string error;
  auto made =
      shadow::ProtoSchema::parse(std::string(std::istreambuf_iterator<char>(file), {}), error);
  EXPECT_NE(made, nullptr) << error;
  return made;
}

Stream random_stream(Random& random) {
  Stream stream;
  for (std::size_t n = random() % 6; n > 0; --n) stream.push_back(random_order(random));
  return stream;
}

// Messages compressed or not, each in any encoding.
CapturedResponse sent(const Stream& stream, Random& random) {
  const bool may_compress = coin(random);
  std::string body;
  for (const OrderModel& order : stream) {
    std::string message = encoded(order, random);
    const bool compressed = may_compress && coin(random);
    if (compressed) message = shadow::test::deflated(message, shadow::test::kGzip);
    body += framed(message);
    if (compressed) body[body.size() - message.size() - 5] = '\1';
  }
  CapturedResponse response =
      shadow::test::response_of(200, {{"content-type", "application/grpc"}}, body);
  response.headers.add("grpc-encoding", "gzip");
  response.trailers.add("grpc-status", "0");
  return response;
}

Stream changed(Stream stream, Random& random) {
  const std::size_t at = stream.empty() ? 0 : random() % stream.size();
  const auto place = stream.begin() + static_cast<std::ptrdiff_t>(at);
  switch (stream.empty() ? 0 : random() % 4) {
    case 0:
      stream.insert(place, random_order(random));
      break;
    case 1:
      stream.erase(place);
      break;
    case 2:
      stream[at] = changed(stream[at], random);
      break;
    default:
      std::swap(stream[at], stream.back());
  }
  return stream;
}

TEST(ModelFuzz, GrpcStreamsAreTheirMessagesWhoeverEncodesThem) {
  Random random = seeded_random();
  shadow::CompareRules rules;
  rules.descriptors = schema();
  for (std::uint64_t i = 0; i < fuzz_rounds(); ++i) {
    const Stream stream = random_stream(random), other = changed(stream, random);
    const CapturedResponse left = sent(stream, random), right = sent(stream, random);
    ASSERT_EQ(verdict_of(left, right, rules), Verdict::match) << told(left, right);
    const CapturedResponse third = sent(other, random);
    ASSERT_EQ(verdict_of(left, third, rules), stream == other ? Verdict::match : Verdict::mismatch)
        << told(left, third);
  }
}

// Without descriptors other bytes may mean the same; the same messages are never fewer or more.
TEST(ModelFuzz, GrpcStreamsWithoutDescriptorsTellHowManyMessagesThereAre) {
  Random random = seeded_random();
  for (std::uint64_t i = 0; i < fuzz_rounds(); ++i) {
    Stream stream = random_stream(random);
    const CapturedResponse left = sent(stream, random);
    stream.insert(stream.begin() + static_cast<std::ptrdiff_t>(random() % (stream.size() + 1)),
                  random_order(random));
    const CapturedResponse right = sent(stream, random);
    ASSERT_EQ(verdict_of(left, right), Verdict::mismatch) << told(left, right);
    ASSERT_EQ(verdict_of(right, left), Verdict::mismatch) << told(right, left);
  }
}

}  // namespace
}  // namespace banyan::test
