// The version of the program and of the files it writes.

/// The program's version; it is written into every model and run record.
public let nitalVersion = "0.1.0"
