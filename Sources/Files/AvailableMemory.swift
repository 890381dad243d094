// How much memory this process may still take.
//
// Implements: the smallest of Linux' MemAvailable (/proc/meminfo), what is left of the control group
//   (memory.max - memory.current, version 2), and RLIMIT_AS.
// Deviations: limits of outer control groups are not read. Checked by: AvailableMemoryTests.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The number of bytes that can be allocated without swapping; `nil` when the system does not say.
public func availableMemory() -> UInt64? {
  var limits: [UInt64] = []
  if let text = systemText("/proc/meminfo") {
    for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      let digits = line.drop { !$0.isNumber }.prefix { $0.isNumber }
      if let kilobytes = UInt64(digits) { limits.append(kilobytes << 10) }
    }
  }
  func number(_ path: String) -> UInt64? {
    systemText(path).flatMap { UInt64($0.filter(\.isNumber)) }
  }
  if let most = number("/sys/fs/cgroup/memory.max") {
    let used = number("/sys/fs/cgroup/memory.current") ?? 0
    limits.append(most > used ? most - used : 0)
  }
  var limit = rlimit()
  // SAFETY: `limit` is a local variable.
  #if canImport(Glibc)
  let outcome = unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  #else
  let outcome = unsafe getrlimit(RLIMIT_AS, &limit)
  #endif
  if outcome == 0, limit.rlim_cur < 1 << 62 { limits.append(UInt64(limit.rlim_cur)) }
  return limits.min()
}

/// The text of a file that the kernel makes, at most 64 KiB; its stated size is 0.
private func systemText(_ path: String) -> String? {
  // SAFETY: the path is NUL-terminated.
  let file = unsafe open(systemPath(path), O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 16)
  // SAFETY: the buffer is the array's own storage.
  let got = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
  return got > 0 ? String(decoding: bytes.prefix(got), as: UTF8.self) : nil
}
