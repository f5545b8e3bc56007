/** Words of the language that stand where a metric could. */
const words = new Set(
  'by without on ignoring group_left group_right bool offset and or unless inf nan start end'.split(' '),
);

/**
 * The names of the metrics that a PromQL expression asks for: identifiers that are neither functions, nor words of the
 * language, nor labels. Enough of a parser for rules and panels; promtool has checked the grammar.
 */
export function metricsIn(expression: string): readonly string[] {
  const bare = expression
    .replaceAll(/'[^']*'|"[^"]*"/g, '""')
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const names = new Set<string>();
  for (const match of bare.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:]*/g)) {
    const before = bare[match.index - 1] ?? ' ';
    const isCall = /^\s*\(/.test(bare.slice(match.index + match[0].length));
    if (!isCall && !words.has(match[0].toLowerCase()) && !/[0-9.$]/.test(before)) names.add(match[0]);
  }
  return [...names];
}

/** The metric inside a query of a dashboard variable, such as `label_values(metric{...}, label)`. */
export function metricsInVariable(query: string): readonly string[] {
  const [, inside = ''] = /^label_values\((.*),\s*[a-zA-Z_]+\)$/.exec(query) ?? [];
  return metricsIn(inside);
}
