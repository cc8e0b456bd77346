import type { JobEvent, Progress } from '../base/progress.ts';

/**
 * What the command prints. On a terminal: sentences, tables and one progress line that is redrawn. Piped: the same without
 * the redrawing. With --json: one JSON object a line on stdout and nothing else there; sentences go to stderr.
 */
export interface Output {
  readonly isJson: boolean;
  /** A sentence. */
  say(message: string): void;
  /** Rows under headings; numbers are aligned right. */
  table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): void;
  /** Redraws the progress line (at most ten times a second; under --json at most once a second as an object). */
  progress(update: Progress): void;
  /** Something that happened inside a job; under --json an object of its own. */
  event(event: JobEvent): void;
  /** The result; printed only under --json. */
  json(result: object): void;
  /** Ends the progress line. */
  finish(): void;
}

function seconds(total: number): string {
  const whole = Math.round(total);
  if (whole < 90) return `${whole} s`;
  if (whole < 5400) return `${Math.round(whole / 60)} min`;
  return `${(whole / 3600).toFixed(1)} h`;
}

function progressLine({ done, total, rate, eta, message }: Progress, width: number): string {
  const parts: string[] = [];
  if (total > 0) {
    const share = Math.min(1, done / total);
    const bar = 24;
    const full = Math.round(share * bar);
    parts.push(
      `${'█'.repeat(full)}${'░'.repeat(bar - full)} ${(share * 100).toFixed(0).padStart(3)} %  ${count(done)}/${count(total)}`,
    );
  } else {
    parts.push(count(done));
  }
  if (rate > 0) parts.push(`${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)}/s`);
  if (eta !== null) parts.push(`${seconds(eta)} left`);
  if (message) parts.push(message);
  return parts.join('  ').slice(0, width - 1);
}

const count = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));

function alignedTable(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const cells = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const numeric = headings.map(
    (_, column) =>
      rows.length > 0 &&
      rows.every((row) => typeof row[column] === 'number' || /^[-–]?[\d.,]*\s?%?$/.test(String(row[column] ?? ''))),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd(),
  );
}

/** Sentences, tables and a progress line for a person. */
export class HumanOutput implements Output {
  readonly isJson = false;
  readonly #stream: NodeJS.WriteStream;
  #drawnAt = 0;
  #lineOpen = false;

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream;
  }

  say(message: string): void {
    this.finish();
    this.#stream.write(`${message}\n`);
  }

  table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
    this.finish();
    for (const line of alignedTable(headings, rows)) this.#stream.write(`${line}\n`);
  }

  progress(update: Progress): void {
    if (!this.#stream.isTTY) return;
    const now = performance.now();
    if (now - this.#drawnAt < 100 && update.done !== update.total) return;
    this.#drawnAt = now;
    this.#lineOpen = true;
    this.#stream.write(`\r\x1b[2K${progressLine(update, this.#stream.columns ?? 80)}`);
  }

  /** Events are told in words by the verb that knows them; see `say`. */
  event(): void {}

  json(): void {}

  finish(): void {
    if (!this.#lineOpen) return;
    this.#lineOpen = false;
    this.#stream.write('\r\x1b[2K');
  }
}

/** One JSON object a line on stdout; sentences on stderr, where they do not disturb a program that reads. */
export class JsonOutput implements Output {
  readonly isJson = true;
  #reportedAt = 0;

  say(message: string): void {
    process.stderr.write(`${message}\n`);
  }

  /** Tables are for people; a program gets the same figures from `json`. */
  table(): void {}

  progress(update: Progress): void {
    const now = performance.now();
    if (now - this.#reportedAt < 1000) return;
    this.#reportedAt = now;
    this.#line({ kind: 'progress', ...update });
  }

  event(event: JobEvent): void {
    this.#line(event);
  }

  json(result: object): void {
    this.#line(result);
  }

  finish(): void {}

  #line(object: object): void {
    process.stdout.write(`${JSON.stringify(object)}\n`);
  }
}
