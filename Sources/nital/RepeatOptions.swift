// How a run over images begins again, and what stops it: for `nital cluster` and `nital segment`.

import ArgumentParser

/// A run that repeats or goes on with an earlier one.
struct RepeatOptions: ParsableArguments {
  @Option(help: "Repeat a run: take inputs and settings from its run.json; options override.")
  var config: String?

  @Flag(help: "Stop at the first image that cannot be used.")
  var strict = false

  @Flag(help: "Forget what an earlier, interrupted run in DIR has finished.")
  var noResume = false
}
