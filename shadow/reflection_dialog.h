// shadow/reflection_dialog.h: asks a gRPC server for the descriptors of its services. Pure: what to
// send comes from it, what came is given to it.
//
//   request() -> take(answer) -> request() -> take(answer) … -> is_over()
//
// One question at a time, of grpc.reflection.v1.ServerReflection
// (grpc/reflection/v1/reflection.proto; v1alpha has the same messages): the services, the file of
// each, and the files that those import.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace banyan::shadow {

class ReflectionDialog {
 public:
  static constexpr std::size_t kServicesMax = 1'000;
  static constexpr std::size_t kNameBytesMax = 1'000;  // of a service or a file
  static constexpr std::size_t kFilesMax = 4'096;
  static constexpr std::size_t kBytesMax = std::size_t{4} << 20;  // of all files

  ReflectionDialog();

  // The message to send next (ServerReflectionRequest); not where is_over().
  [[nodiscard]] std::string request() const;
  // The answer to it (ServerReflectionResponse). A service that the server does not describe is
  // left out, and so is a file that it does not have; anything else that is not as it should be
  // ends the dialog with a problem().
  void take(std::string_view answer);

  [[nodiscard]] bool is_over() const { return asked_.empty() || !problem_.empty(); }
  // For people; empty: none.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // Services that were listed, and those of them that the server does not describe.
  [[nodiscard]] std::size_t services() const { return services_; }
  [[nodiscard]] std::size_t left_out() const { return left_out_; }
  // A FileDescriptorSet of all files that came, the same for the same files.
  [[nodiscard]] std::string file_set() const;

 private:
  enum class About : std::uint8_t { services, symbol, file };
  struct Question {
    About about;
    std::string name;
  };

  void take_services(std::string_view list);
  void take_files(std::string_view files);
  void take_file(std::string_view file);
  void take_error(std::string_view error);
  void note_service(std::string_view package, std::string_view service);
  void ask_for_file(std::string_view name);
  void skip_known();
  void fail(std::string problem);

  std::deque<Question> asked_;  // the first of them is being answered
  std::map<std::string, std::string> files_;
  std::set<std::string> wanted_;     // files that were asked for
  std::set<std::string> described_;  // services of files_
  std::size_t bytes_ = 0;            // of files_
  std::size_t services_ = 0;
  std::size_t left_out_ = 0;
  std::string problem_;
};

}  // namespace banyan::shadow
