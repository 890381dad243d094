// Reads PNG pictures from memory through libpng. libpng reports errors with longjmp; every jump
// begins and ends inside CPNG.c, so that no caller's frame is ever jumped over.
#ifndef NITAL_CPNG_H
#define NITAL_CPNG_H

#include <stddef.h>
#include <stdint.h>

#define NITAL_PNG_MESSAGE 200

// What a file declares, after the transformations that the reader applies: samples of 1, 2 and 4
// bits become 8 bits (grey is scaled, palette indices are not); tRNS of grey and RGB becomes alpha.
typedef struct {
  uint32_t width, height;
  int channels;     // of the rows that nital_png_read_row gives; 1 for a palette
  int bits;         // 8 or 16, the latter little-endian
  int is_palette;   // rows hold indices into `palette`
  int palette_count;
  int alpha_count;  // entries of `alpha` that tRNS gives; the rest are opaque
  uint8_t palette[3 * 256];
  uint8_t alpha[256];
  int has_density;  // pHYs is there
  uint32_t density_x, density_y;
  int density_is_per_metre;
  int passes;       // 1, or 7 for an interlaced file: rows are read once for each pass
  size_t row_bytes;
} nital_png_info;

typedef struct nital_png_reader nital_png_reader;

// Limits that the reader enforces before it allocates.
typedef struct {
  uint32_t side;
  uint32_t cached_chunks;
  size_t chunk_bytes;
} nital_png_limits;

// Reads everything before the pixels. Returns NULL and a message on failure. `bytes` must outlive
// the reader.
nital_png_reader *nital_png_open(const uint8_t *bytes, size_t count, nital_png_limits limits,
                                 nital_png_info *info, char message[NITAL_PNG_MESSAGE]);

// Reads the next row of the current pass into `row`, which has `row_bytes` bytes and keeps what
// earlier passes gave. Returns 0, or -1 and a message.
int nital_png_read_row(nital_png_reader *reader, uint8_t *row, char message[NITAL_PNG_MESSAGE]);

// Reads what follows the pixels. Returns 0, or -1 and a message.
int nital_png_finish(nital_png_reader *reader, char message[NITAL_PNG_MESSAGE]);

// Frees the reader; NULL is allowed.
void nital_png_close(nital_png_reader *reader);

#endif
