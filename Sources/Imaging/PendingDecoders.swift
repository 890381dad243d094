// Stand-ins until the decoders arrive.

import Files

func decodeJPEG(_ bytes: CheckedBytes, limits: ImageLimits) throws(FormatError) -> Image {
  throw bytes.error("JPEG pictures are not read yet")
}

func decodeBMP(_ bytes: CheckedBytes, limits: ImageLimits) throws(FormatError) -> Image {
  throw bytes.error("BMP pictures are not read yet")
}

func decodePNM(_ bytes: CheckedBytes, limits: ImageLimits) throws(FormatError) -> Image {
  throw bytes.error("PNM pictures are not read yet")
}
