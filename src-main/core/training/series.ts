import type { Series } from '../../contract/record.ts';
import type { Metric } from '../../store/runs.ts';

/** What was measured in a run, measure by measure. */
export function seriesOf(measured: readonly Metric[]): Series[] {
  return [...Map.groupBy(measured, ({ name }) => name)].map(([name, points]) => ({
    name,
    steps: points.map(({ step }) => step),
    values: points.map(({ value }) => value),
  }));
}
