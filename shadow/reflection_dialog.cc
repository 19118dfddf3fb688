#include "shadow/reflection_dialog.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "shadow/diff/wire_reader.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

// Field numbers of grpc/reflection/v1/reflection.proto and google/protobuf/descriptor.proto.
namespace request_field {
constexpr std::uint32_t kFileByName = 3, kFileOfSymbol = 4, kServices = 7;
}
namespace answer_field {
constexpr std::uint32_t kFiles = 4, kServices = 6, kError = 7;
}
constexpr std::uint32_t kFileOfAnswer = 1;
constexpr std::uint32_t kServiceOfList = 1, kNameOfService = 1;
constexpr std::uint32_t kErrorText = 2;
constexpr std::uint32_t kFileName = 1, kFilePackage = 2, kFileImport = 3, kFileService = 6;
constexpr std::uint32_t kFileOfSet = 1;

constexpr std::size_t kShownBytesMax = 100;

void append_varint(std::string& out, std::uint64_t value) {
  constexpr std::uint64_t kMore = 0x80, kBits = 7;
  for (; value >= kMore; value >>= kBits) out.push_back(static_cast<char>(value | kMore));
  out.push_back(static_cast<char>(value));
}

void append_bytes(std::string& out, std::uint32_t number, std::string_view bytes) {
  append_varint(out, std::uint64_t{number} << 3U | static_cast<std::uint64_t>(WireType::bytes));
  append_varint(out, bytes.size());
  out += bytes;
}

// Tells `take(number, bytes)` of every field of that type; false where the message is broken.
template <class Take>
bool for_each_bytes(std::string_view message, Take take) {
  WireReader reader(message);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->type == WireType::bytes) take(field->number, field->bytes);
  }
  return !reader.is_broken();
}

std::string shown(std::string_view text) { return printable(text.substr(0, kShownBytesMax)); }

}  // namespace

ReflectionDialog::ReflectionDialog() { asked_.push_back({About::services, "*"}); }

std::string ReflectionDialog::request() const {
  const Question& question = asked_.front();
  std::string message;
  switch (question.about) {
    case About::services:
      append_bytes(message, request_field::kServices, question.name);
      break;
    case About::symbol:
      append_bytes(message, request_field::kFileOfSymbol, question.name);
      break;
    case About::file:
      append_bytes(message, request_field::kFileByName, question.name);
      break;
  }
  return message;
}

void ReflectionDialog::take(std::string_view answer) {
  if (is_over()) return fail("an answer that nobody asked for");
  bool is_answered = false;
  const bool whole = for_each_bytes(answer, [&](std::uint32_t number, std::string_view bytes) {
    if (is_answered) return;
    const bool about_services = asked_.front().about == About::services;
    is_answered = true;
    if (number == answer_field::kError) {
      take_error(bytes);
    } else if (number == answer_field::kServices && about_services) {
      take_services(bytes);
    } else if (number == answer_field::kFiles && !about_services) {
      take_files(bytes);
    } else {
      is_answered = false;
    }
  });
  if (!problem_.empty()) return;
  if (!whole) return fail("an answer that is no message");
  if (!is_answered) return fail("an answer to something else");
  asked_.pop_front();
  skip_known();
}

// Many servers give what a file imports along with it, and a file may have several services.
void ReflectionDialog::skip_known() {
  const auto is_known = [this](const Question& question) {
    return question.about == About::file ? files_.contains(question.name)
                                         : described_.contains(question.name);
  };
  while (!asked_.empty() && is_known(asked_.front())) asked_.pop_front();
}

void ReflectionDialog::take_services(std::string_view list) {
  constexpr std::string_view kOwn = "grpc.reflection.";  // describes itself, and nobody compares it
  const auto take_service = [&](std::uint32_t number, std::string_view name) {
    if (number != kNameOfService || name.starts_with(kOwn)) return;
    if (name.size() > kNameBytesMax) return fail("a name that is too long");
    if (++services_ <= kServicesMax) asked_.push_back({About::symbol, std::string(name)});
  };
  bool whole = true;
  const bool whole_list = for_each_bytes(list, [&](std::uint32_t number, std::string_view service) {
    if (number == kServiceOfList) whole = for_each_bytes(service, take_service) && whole;
  });
  if (!whole_list || !whole) return fail("a list of services that is no message");
  if (services_ > kServicesMax) fail(fmt::format("more than {} services", kServicesMax));
}

void ReflectionDialog::take_files(std::string_view files) {
  const bool whole = for_each_bytes(files, [&](std::uint32_t number, std::string_view file) {
    if (number == kFileOfAnswer && problem_.empty()) take_file(file);
  });
  if (!whole) fail("a list of files that is no message");
}

void ReflectionDialog::take_file(std::string_view file) {
  std::string_view name, package;
  const bool whole = for_each_bytes(file, [&](std::uint32_t number, std::string_view text) {
    if (number == kFileName) name = text;
    if (number == kFilePackage) package = text;
  });
  if (!whole || name.empty()) return fail("a file that is no FileDescriptorProto");
  if (name.size() > kNameBytesMax || package.size() > kNameBytesMax) {
    return fail("a name that is too long");
  }
  if (files_.contains(std::string(name))) return;
  bytes_ += file.size();
  if (files_.size() >= kFilesMax || bytes_ > kBytesMax) {
    return fail(fmt::format("more than {} files or {} MiB", kFilesMax, kBytesMax >> 20U));
  }
  files_.emplace(name, file);
  (void)for_each_bytes(file, [&](std::uint32_t number, std::string_view text) {
    if (!problem_.empty()) return;
    if (number == kFileImport) ask_for_file(text);
    if (number == kFileService) note_service(package, text);
  });
}

void ReflectionDialog::note_service(std::string_view package, std::string_view service) {
  (void)for_each_bytes(service, [&](std::uint32_t number, std::string_view name) {
    if (number != kNameOfService || name.size() > kNameBytesMax) return;
    if (described_.size() >= kServicesMax) return;
    described_.insert(package.empty() ? std::string(name) : fmt::format("{}.{}", package, name));
  });
}

void ReflectionDialog::ask_for_file(std::string_view name) {
  if (name.size() > kNameBytesMax) return fail("a name that is too long");
  if (!wanted_.emplace(name).second) return;
  if (wanted_.size() > kFilesMax) return fail(fmt::format("more than {} imports", kFilesMax));
  asked_.push_back({About::file, std::string(name)});
}

void ReflectionDialog::take_error(std::string_view error) {
  std::string text;
  (void)for_each_bytes(error, [&](std::uint32_t number, std::string_view bytes) {
    if (number == kErrorText) text = bytes;
  });
  switch (asked_.front().about) {
    case About::services:
      return fail(fmt::format("the services: {}", text.empty() ? "an error" : shown(text)));
    case About::symbol:
      ++left_out_;
      break;
    case About::file:  // perhaps nothing of it is used
      break;
  }
}

void ReflectionDialog::fail(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

std::string ReflectionDialog::file_set() const {
  std::string set;
  for (const auto& [name, file] : files_) append_bytes(set, kFileOfSet, file);
  return set;
}

}  // namespace banyan::shadow
