#include "proxy/codec/http2_field_list.h"

#include <gtest/gtest.h>

#include <string>

namespace banyan::codec {
namespace {

// "name: value" lines; "!" before one that is never indexed.
std::string text_of(const Http2FieldList& list) {
  std::string text;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const nghttp2_nv& nv = list.data()[i];
    if ((nv.flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0) text += "!";
    text.append(reinterpret_cast<const char*>(nv.name), nv.namelen).append(": ");
    text.append(reinterpret_cast<const char*>(nv.value), nv.valuelen).append("\n");
  }
  return text;
}

RequestHead post() {
  RequestHead head;
  head.method = Method::post;
  head.method_text = "POST";
  head.target = "/a?b";
  head.authority = "h:80";
  return head;
}

TEST(Rfc9113Section8_3_1Request, IsWrittenWithPseudoHeadersFirst) {
  RequestHead head = post();
  head.framing = Framing::content_length;
  head.content_length = 18446744073709551615U;
  head.headers.add("X-Some-Name", "Some Value");
  head.headers.add("Accept", "*/*");
  Http2FieldList list;
  FieldIndexing indexing;
  list.set_request(head, "https", indexing);
  EXPECT_EQ(text_of(list),
            ":method: POST\n:scheme: https\n:authority: h:80\n:path: /a?b\n"
            "x-some-name: Some Value\naccept: */*\ncontent-length: 18446744073709551615\n");
}

TEST(Rfc9113Section8_3_1Request, AuthorityIsNotMadeUp) {
  RequestHead head = post();
  head.authority.clear();
  Http2FieldList list;
  FieldIndexing indexing;
  list.set_request(head, "http", indexing);
  EXPECT_EQ(text_of(list), ":method: POST\n:scheme: http\n:path: /a?b\n");
}

TEST(Rfc9113Section8_2_2ConnectionFields, AreNotWritten) {
  RequestHead head = post();
  for (const char* name : {"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding",
                           "Upgrade", "Host", "Content-Length"}) {
    head.headers.add(name, "1");
  }
  head.headers.add("TE", "trailers");
  Http2FieldList list;
  FieldIndexing indexing;
  list.set_request(head, "http", indexing);
  EXPECT_EQ(text_of(list),
            ":method: POST\n:scheme: http\n:authority: h:80\n:path: /a?b\nte: trailers\n");
}

TEST(Rfc9113Section8_3_2Response, IsWrittenWithItsStatusAndLength) {
  ResponseHead head;
  head.status = 200;
  head.reason = "OK";
  head.content_length = 0;
  head.headers.add("Set-Cookie", "a=b");
  head.headers.add("Set-Cookie", "c=d");
  Http2FieldList list;
  FieldIndexing indexing;
  list.set_response(head, indexing);
  EXPECT_EQ(text_of(list), ":status: 200\nset-cookie: a=b\nset-cookie: c=d\ncontent-length: 0\n");
}

TEST(Rfc9110Section8_6ContentLength, IsNotWrittenWhereThereCanBeNone) {
  for (const int status : {103, 204}) {
    ResponseHead head;
    head.status = status;
    head.content_length = 3;
    Http2FieldList list;
    FieldIndexing indexing;
    list.set_response(head, indexing);
    EXPECT_EQ(text_of(list), ":status: " + std::to_string(status) + "\n");
  }
}

TEST(Rfc7541Section7_1_3NeverIndexed, CredentialsAreNeverIndexed) {
  RequestHead head = post();
  head.headers.add("Authorization", "Basic x");
  Http2FieldList list;
  FieldIndexing indexing;
  list.set_request(head, "http", indexing);
  EXPECT_NE(text_of(list).find("!authorization: Basic x\n"), std::string::npos);
}

TEST(Rfc7541Section6_2_3NeverIndexed, StaysSoWhereTheFieldGoesOnTo) {
  Headers came;
  came.add("x-token", "secret");
  came.never_index_last();
  came.add("x-other", "v");
  Headers forwarded;
  forwarded.add(HeaderId::te, "trailers");
  forwarded.add_from(came, HeaderIds{});
  Http2FieldList list;
  FieldIndexing indexing;
  list.set_trailers(forwarded, indexing);
  EXPECT_EQ(text_of(list), "te: trailers\n!x-token: secret\nx-other: v\n");
}

TEST(Http2FieldList, DoesNotIndexWhatIsNewEachTime) {
  Http2FieldList list;
  FieldIndexing indexing;
  Headers fields;
  for (int i = 0; i < 20; ++i) {
    fields.clear();
    fields.add("x-request-id", "request-" + std::to_string(i));
    fields.add("accept", "*/*");
    list.set_trailers(fields, indexing);
  }
  EXPECT_EQ(text_of(list), "!x-request-id: request-19\naccept: */*\n");
}

TEST(Http2FieldList, KeepsManyLoweredNamesInPlace) {
  Headers trailers;
  std::string wanted;
  for (int i = 0; i < 300; ++i) {
    trailers.add("X-Name-" + std::to_string(i), "v");
    wanted += "x-name-" + std::to_string(i) + ": v\n";
  }
  Http2FieldList list;
  FieldIndexing indexing;
  list.set_trailers(trailers, indexing);
  EXPECT_EQ(text_of(list), wanted);
  list.set_trailers({}, indexing);
  EXPECT_EQ(list.size(), 0U);
}

}  // namespace
}  // namespace banyan::codec
