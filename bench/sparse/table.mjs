/** Tables as docs/results.md has them, and the figures in them. */

/** A table in Markdown; `rows` are arrays of cells. */
export const printTable = (title, head, rows) => {
  console.log(`\n${title}\n`);
  for (const cells of [head, head.map(() => '---'), ...rows]) console.log(`| ${cells.join(' | ')} |`);
};

export const showMs = (seconds) => {
  const ms = 1000 * seconds;
  return ms.toFixed(ms < 10 ? 2 : 1);
};
export const showPercent = (share) => (100 * share).toFixed(1);
export const showMegabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1);

/** Least and median of ours over those of another: '0.27 / 0.28'. */
export const ratioOf = (ours, theirs) => ({
  min: ours.min / theirs.min,
  median: ours.median / theirs.median,
});
export const showRatio = (ratio) =>
  ratio === null ? '-' : `${ratio.min.toFixed(2)} / ${ratio.median.toFixed(2)}`;

/** The best of a peer's formats, least and median each by itself; null where there is no peer. */
export const bestOf = (summaries) =>
  summaries.length === 0
    ? null
    : { min: Math.min(...summaries.map((s) => s.min)), median: Math.min(...summaries.map((s) => s.median)) };

/** Layers removed, sparse and dense of a compact network: '6 / 14 / 2'. */
export const showForms = (layers) =>
  ['removed', 'sparse', 'dense'].map((form) => layers.filter((l) => l.form === form).length).join(' / ');

/** The share of a network's multiply-adds that its compact one is left with. */
export const shareLeft = (layers) => {
  const sum = (of) => layers.reduce((n, l) => n + l.multiplyAdds[of], 0);
  return sum('left') / sum('dense');
};
