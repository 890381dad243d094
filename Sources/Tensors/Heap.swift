// How the process keeps its memory.

import _CPUFeatures

/// Keeps freed memory for the next piece of work, up to 256 MiB, instead of giving large blocks back
/// to the system at once.
///
/// For programs, at their start: a third of the time of CLAHE on small images is page faults else.
/// It changes nothing where the C library is not glibc.
public func keepHeap() { nital_keep_heap(64 << 20, 256 << 20) }
