#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/parallel.h"

namespace pathex::cpu::sparse {

/// How the images of a batch are spread over the lanes of registers. A lane holds a band of rows of one image: all of
/// them, or fewer where the batch has fewer images than there are lanes. A tile is a band in each lane.
struct LaneLayout {
  std::size_t images = 1, bands = 1, rows = 1;  // bands of an image, rows of a band

  LaneLayout(std::size_t images, std::size_t height);
  std::size_t tiles() const;
};

/// Images [n, height, width, channels] brought into planes, one for each channel that is live. A step is some rows of
/// some tiles; its planes are [tile][row][column][lane], with zeros where a row or a column lies outside of its image.
struct Planes {
  std::size_t height = 1, width = 1, channels = 1;  // of an image
  /// The row of the image that comes first for row 0 of the band's image, and the column; negative in front of it.
  std::int64_t firstRow = 0, firstColumn = 0;
  /// Rows of the image for a row of a band.
  std::size_t stride = 1;
  /// Whether rows after a band's last one count as outside.
  bool endsWithBand = false;
  /// Which rows and columns of a tile anyone reads.
  std::vector<bool> rows, columns;
  std::size_t tiles = 1;  // of a step

  /// The plane of each channel; channels that are not live share the plane after the last.
  std::vector<std::size_t> slots;
  std::vector<std::size_t> groups;  // first channels of a register's worth of them, some of which are live
  std::size_t count = 0;            // planes, without that one
  std::size_t stridePlane = 0;      // floats from a plane to the next

  void setLive(const std::vector<bool>& live);
  /// After rows, columns and tiles are known.
  void settle();
  std::size_t floats() const { return stridePlane * (count + 1); }

  /// Fills the planes with the rows for rows row, row + 1 ... of the bands of tiles tile, tile + 1 ...
  void fill(const LaneLayout&, const float* images, std::size_t tile, std::size_t row, float* to) const;

 private:
  /// One row of a tile, from a row of each lane's image; lanes that `mask` leaves out get zeros.
  void fillRow(const float* const* from, unsigned mask, float* to) const;
  core::Range columnsInside() const;
};

}  // namespace pathex::cpu::sparse
