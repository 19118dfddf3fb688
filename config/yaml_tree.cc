#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <libfyaml.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "config/yaml_guard.h"

namespace banyan::config {
namespace {

struct Event {
  enum class Kind { document, sequence, mapping, end, scalar, alias, other };
  Kind kind = Kind::other;
  std::optional<std::size_t> at;
  std::string text;
  bool is_plain = true;
  bool is_quoted = false;  // in ' or "
  bool has_anchor = false;
  bool has_tag = false;
};

Event::Kind kind_of(fy_event_type type) {
  switch (type) {
    case FYET_DOCUMENT_START:
      return Event::Kind::document;
    case FYET_SEQUENCE_START:
      return Event::Kind::sequence;
    case FYET_MAPPING_START:
      return Event::Kind::mapping;
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
      return Event::Kind::end;
    case FYET_SCALAR:
      return Event::Kind::scalar;
    case FYET_ALIAS:
      return Event::Kind::alias;
    default:
      return Event::Kind::other;
  }
}

struct DiagDeleter {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};
struct ParserDeleter {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};

// The library's parser as a stream of our own events; the only code that touches it.
class Events {
 public:
  explicit Events(std::string_view text) {
    fy_diag_cfg diag{};
    fy_diag_cfg_default(&diag);
    diag.fp = nullptr;
    diag.level = FYET_ERROR;
    diag_.reset(fy_diag_create(&diag));
    fy_parse_cfg parse{};
    parse.search_path = "";
    parse.flags = static_cast<fy_parse_cfg_flags>(FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE);
    parse.diag = diag_.get();
    if (!diag_) return;
    fy_diag_set_collect_errors(diag_.get(), true);
    parser_.reset(fy_parser_create(&parse));
    if (!parser_ || fy_parser_set_string(parser_.get(), text.data(), text.size()) != 0) {
      parser_.reset();
    }
  }

  // Nothing at the end, and after an error.
  std::optional<Event> next() {
    if (!parser_) return std::nullopt;
    fy_event* const raw = fy_parser_parse(parser_.get());
    if (raw == nullptr) return std::nullopt;
    Event event;
    event.kind = kind_of(raw->type);
    if (const fy_mark* mark = fy_event_start_mark(raw)) event.at = mark->input_pos;
    event.has_anchor = fy_event_get_anchor_token(raw) != nullptr;
    event.has_tag = fy_event_get_tag_token(raw) != nullptr;
    if (raw->type == FYET_SCALAR) read_scalar(raw->scalar.value, event);
    // The library marks what follows the quote or the asterisk; people look at that itself.
    const bool is_marked_late = event.kind == Event::Kind::alias || event.is_quoted;
    if (is_marked_late && event.at.value_or(0) > 0) --*event.at;
    fy_parser_event_free(parser_.get(), raw);
    return event;
  }

  [[nodiscard]] bool failed() const {
    return !parser_ || fy_parser_get_stream_error(parser_.get());
  }

  void report(Problems& problems) const {
    const fy_diag_error* error = nullptr;
    bool said = false;
    for (void* previous = nullptr;
         diag_ && (error = fy_diag_errors_iterate(diag_.get(), &previous)) != nullptr;) {
      if (error->type != FYET_ERROR) continue;
      const auto line = static_cast<std::size_t>(std::max(1, error->line));
      const auto column = static_cast<std::size_t>(std::max(1, error->column));
      problems.add(problems.offset_of(line, column), {}, fmt::format("not YAML: {}", error->msg));
      said = true;
    }
    if (!said) problems.add(0, {}, "not YAML");
  }

 private:
  static void read_scalar(fy_token* token, Event& event) {
    std::size_t size = 0;
    const char* const text = token == nullptr ? nullptr : fy_token_get_text(token, &size);
    if (text != nullptr) event.text.assign(text, size);
    const fy_scalar_style style = token == nullptr ? FYSS_PLAIN : fy_token_scalar_style(token);
    event.is_plain = style == FYSS_PLAIN;
    event.is_quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
  }

  std::unique_ptr<fy_diag, DiagDeleter> diag_;
  std::unique_ptr<fy_parser, ParserDeleter> parser_;
};

// Events into a tree. A stop (too deep, too many, not YAML) has been reported when it is set.
class Builder {
 public:
  Builder(std::string_view text, Problems& problems) : events_(text), problems_(problems) {}

  std::optional<Node> build() {
    std::optional<Node> root;
    while (std::optional<Event> event = next()) {
      if (event->kind != Event::Kind::document) continue;
      if (root) {
        problems_.add(event->at.value_or(0), {}, "a second document: one file is one document");
        return root;
      }
      event = next();
      if (event) root = node(*event, event->at.value_or(0), 1);
    }
    if (stopped_) return std::nullopt;
    return root ? std::move(root) : Node{};
  }

 private:
  std::optional<Event> next() {
    if (stopped_) return std::nullopt;
    std::optional<Event> event = events_.next();
    if (!event && events_.failed()) {
      events_.report(problems_);
      stopped_ = true;
    }
    return event;
  }

  // `fallback`: the place of a value that is not there.
  Node node(Event& event, std::size_t fallback, std::size_t depth) {
    Node made;
    made.at = event.at.value_or(fallback);
    if (!count(made.at) || refuse(event, made.at)) made.kind = Node::Kind::refused;
    if (event.kind == Event::Kind::sequence || event.kind == Event::Kind::mapping) {
      fill(made, event.kind == Event::Kind::mapping, depth);
    } else if (made.kind != Node::Kind::refused) {
      made.kind = event.is_plain ? Node::Kind::plain : Node::Kind::quoted;
      made.text = std::move(event.text);
    }
    return made;
  }

  void fill(Node& made, bool is_mapping, std::size_t depth) {
    if (depth > kDepthMax) {
      stop(made.at, fmt::format("nested deeper than {} levels", kDepthMax));
      return;
    }
    made.kind = is_mapping ? Node::Kind::mapping : Node::Kind::sequence;
    for (std::optional<Event> event = next(); event && event->kind != Event::Kind::end;
         event = next()) {
      if (is_mapping) {
        member(made, *event, depth + 1);
      } else {
        made.items.push_back(node(*event, made.at, depth + 1));
      }
    }
  }

  void member(Node& mapping, Event& key_event, std::size_t depth) {
    Node key = node(key_event, mapping.at, depth);
    if (!key.is_scalar() && key.kind != Node::Kind::refused) {
      problems_.add(key.at, {}, "a key must be plain text");
      key.kind = Node::Kind::refused;
    }
    std::optional<Event> event = next();
    if (!event) return;
    Node value = node(*event, key.at, depth);
    if (key.kind == Node::Kind::refused) return;
    mapping.keys.push_back({std::move(key.text), key.at});
    mapping.items.push_back(std::move(value));
  }

  // Reported; a list or a mapping is read on all the same, for the problems within.
  bool refuse(const Event& event, std::size_t at) {
    const char* what = event.kind == Event::Kind::alias ? "an alias (*name)"
                       : event.has_anchor               ? "an anchor (&name)"
                       : event.has_tag                  ? "a tag (!name)"
                                                        : nullptr;
    if (what == nullptr) return false;
    problems_.add(at, {}, fmt::format("{} is not taken here: write the value itself", what));
    return true;
  }

  bool count(std::size_t at) {
    if (++nodes_ <= kNodesMax) return true;
    stop(at, fmt::format("more than {} values", kNodesMax));
    return false;
  }

  void stop(std::size_t at, std::string why) {
    if (!stopped_) problems_.add(at, {}, std::move(why));
    stopped_ = true;
  }

  Events events_;
  Problems& problems_;
  std::size_t nodes_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, Problems& problems) {
  if (const auto refusal = refused_unparsed(text)) {
    problems.add(refusal->at, {}, std::string(refusal->why));
    return std::nullopt;
  }
  return Builder(text, problems).build();
}

}  // namespace banyan::config
