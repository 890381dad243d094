#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct nital_png_reader {
  png_structp png;
  png_infop info;
  const uint8_t *bytes;
  size_t count, position;
  int is_damaged;  // a warning that is an error for us has come
  char message[NITAL_PNG_MESSAGE];
};

static void keep_message(nital_png_reader *reader, const char *text) {
  strncpy(reader->message, text ? text : "unknown error", NITAL_PNG_MESSAGE - 1);
  reader->message[NITAL_PNG_MESSAGE - 1] = 0;
}

static void on_error(png_structp png, png_const_charp text) {
  keep_message(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

// libpng only warns when the checksum of the pixels is wrong.
static void on_warning(png_structp png, png_const_charp text) {
  nital_png_reader *reader = png_get_error_ptr(png);
  if (text && strstr(text, "incorrect data check") && strstr(text, "IDAT")) {
    reader->is_damaged = 1;
    keep_message(reader, "IDAT: wrong checksum of the pixels");
  }
}

static void on_read(png_structp png, png_bytep target, size_t count) {
  nital_png_reader *reader = png_get_io_ptr(png);
  if (count > reader->count - reader->position) png_error(png, "the file ends too early");
  memcpy(target, reader->bytes + reader->position, count);
  reader->position += count;
}

// Chunks that change no sample and that nobody asks for: their data are skipped, not stored.
static const png_byte skipped_chunks[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0zTXt";

static void apply_limits(png_structp png, nital_png_limits limits) {
  png_set_user_limits(png, limits.side, limits.side);
  png_set_chunk_cache_max(png, limits.cached_chunks);
  png_set_chunk_malloc_max(png, limits.chunk_bytes);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_QUIET_USE);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped_chunks,
                              (int)(sizeof skipped_chunks / 5));
}

static void describe_palette(png_structp png, png_infop info, nital_png_info *result) {
  png_colorp colours = NULL;
  int count = 0;
  if (png_get_PLTE(png, info, &colours, &count) && colours) {
    result->palette_count = count > 256 ? 256 : count;
    for (int i = 0; i < result->palette_count; i++) {
      result->palette[3 * i] = colours[i].red;
      result->palette[3 * i + 1] = colours[i].green;
      result->palette[3 * i + 2] = colours[i].blue;
    }
  }
  png_bytep alpha = NULL;
  count = 0;
  if (png_get_tRNS(png, info, &alpha, &count, NULL) && alpha) {
    result->alpha_count = count > 256 ? 256 : count;
    memcpy(result->alpha, alpha, (size_t)result->alpha_count);
  }
}

static void request_samples(png_structp png, png_infop info, nital_png_info *result) {
  int type = png_get_color_type(png, info);
  int bits = png_get_bit_depth(png, info);
  result->is_palette = type == PNG_COLOR_TYPE_PALETTE;
  if (result->is_palette) {
    describe_palette(png, info, result);
    if (bits < 8) png_set_packing(png);
  } else {
    if (bits < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
  }
  if (bits == 16) png_set_swap(png);
  result->passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

static void describe(png_structp png, png_infop info, nital_png_info *result) {
  result->width = png_get_image_width(png, info);
  result->height = png_get_image_height(png, info);
  request_samples(png, info, result);
  result->channels = png_get_channels(png, info);
  result->bits = png_get_bit_depth(png, info);
  result->row_bytes = png_get_rowbytes(png, info);
  int unit = 0;
  if (png_get_pHYs(png, info, &result->density_x, &result->density_y, &unit)) {
    result->has_density = 1;
    result->density_is_per_metre = unit == PNG_RESOLUTION_METER;
  }
}

nital_png_reader *nital_png_open(const uint8_t *bytes, size_t count, nital_png_limits limits,
                                 nital_png_info *info, char message[NITAL_PNG_MESSAGE]) {
  memset(info, 0, sizeof *info);
  nital_png_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->bytes = bytes;
  reader->count = count;
  keep_message(reader, "libpng does not start");
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning);
  if (reader->png) reader->info = png_create_info_struct(reader->png);
  if (!reader->info || setjmp(png_jmpbuf(reader->png))) {
    memcpy(message, reader->message, NITAL_PNG_MESSAGE);
    nital_png_close(reader);
    return NULL;
  }
  png_set_read_fn(reader->png, reader, on_read);
  apply_limits(reader->png, limits);
  png_read_info(reader->png, reader->info);
  describe(reader->png, reader->info, info);
  return reader;
}

int nital_png_read_row(nital_png_reader *reader, uint8_t *row, char message[NITAL_PNG_MESSAGE]) {
  if (setjmp(png_jmpbuf(reader->png))) {
    memcpy(message, reader->message, NITAL_PNG_MESSAGE);
    return -1;
  }
  png_read_row(reader->png, row, NULL);
  return 0;
}

int nital_png_finish(nital_png_reader *reader, char message[NITAL_PNG_MESSAGE]) {
  if (setjmp(png_jmpbuf(reader->png)) || (png_read_end(reader->png, NULL), reader->is_damaged)) {
    memcpy(message, reader->message, NITAL_PNG_MESSAGE);
    return -1;
  }
  return 0;
}

void nital_png_close(nital_png_reader *reader) {
  if (!reader) return;
  if (reader->png) png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}
