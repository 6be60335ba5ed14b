/** Report: figures with units, printed as a table for people and as one JSON line for machines. */

/** One measured figure. */
export interface Figure {
  /** Stable key, `suite.name`, by which runs are compared. */
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  readonly median: number;
  /** Absent for figures that are measured once. */
  readonly p95?: number;
  /** 95 % bootstrap interval of `median`, or of the mean that stands there for sampled cases. */
  readonly interval?: readonly [number, number];
  /** The measurements, case by case in a fixed order, so that a later run can be compared pair by pair. */
  readonly samples?: readonly number[];
  /** Number of measurements. */
  readonly n: number;
  /** Where it stands when many figures are easier to compare side by side than in a list. */
  readonly cell?: { readonly table: string; readonly row: string; readonly column: string };
}

/** The machine and the model that figures belong to. */
export interface Conditions {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly threads: number;
  readonly node: string;
  readonly platform: string;
  readonly loadAverage: number;
  readonly model: string;
  readonly format: string;
  readonly parametersMillions: number;
}

export interface Report {
  readonly suite: string;
  readonly conditions: Conditions;
  readonly figures: readonly Figure[];
  /** What a reader must know to judge the figures, a sentence or more each. */
  readonly notes?: readonly string[];
}

/** Three significant digits, no exponent. */
function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Markdown tables, as in docs/benchmarks.md. */
export function markdown({ suite, conditions, figures, notes = [] }: Report): string {
  const c = conditions;
  const listed = figures.filter(({ cell }) => !cell);
  return [
    `### ${suite}: ${c.model}, ${c.parametersMillions.toFixed(1)}M parameters, ${c.format}`,
    '',
    `${c.date}; ${c.cpu}, ${c.cores} cores, ${c.threads} threads, ${c.platform}, Node ${c.node}, load average ${c.loadAverage.toFixed(1)}.`,
    '',
    ...notes.map((note) => `- ${note}`),
    ...(notes.length > 0 ? [''] : []),
    ...(listed.length > 0 ? list(listed) : []),
    ...[...new Set(figures.flatMap(({ cell }) => cell?.table ?? []))].flatMap((table) =>
      matrix(
        table,
        figures.filter(({ cell }) => cell?.table === table),
      ),
    ),
  ].join('\n');
}

function list(figures: readonly Figure[]): string[] {
  return [
    `| figure | ${figures.some((f) => f.interval) ? 'mean or median | p95 and (95 % interval)' : 'median | p95'} | n |`,
    '|---|--:|--:|--:|',
    ...figures.map((f) => `| ${f.label} | ${digits(f.median)} ${f.unit} | ${spread(f)} | ${f.n} |`),
    '',
  ];
}

/** One row per `cell.row`, one column per `cell.column`; a p95 stands in brackets. */
function matrix(table: string, figures: readonly Figure[]): string[] {
  const columns = [...new Set(figures.map(({ cell }) => cell?.column ?? ''))];
  const rows = [...new Set(figures.map(({ cell }) => cell?.row ?? ''))];
  const at = (row: string, column: string) => {
    const figure = figures.find(({ cell }) => cell?.row === row && cell.column === column);
    if (!figure) return '';
    return `${digits(figure.median)}${figure.p95 === undefined ? '' : ` (${digits(figure.p95)})`}`;
  };
  return [
    `**${table}** (n = ${figures[0]?.n})`,
    '',
    `| | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '--:').join('|')}|`,
    ...rows.map((row) => `| ${row} | ${columns.map((column) => at(row, column)).join(' | ')} |`),
    '',
  ];
}

function spread({ p95, interval, unit }: Figure): string {
  const range = interval && `${digits(interval[0])} to ${digits(interval[1])}`;
  const worst = p95 === undefined ? undefined : `${digits(p95)} ${unit}`;
  return [worst, range && worst ? `(${range})` : range].filter(Boolean).join(' ');
}
