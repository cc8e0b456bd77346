import { defineConfig } from 'vitest/config';

const report = process.env.GONDOLA_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Native modules (better-sqlite3, onnxruntime) live in processes of their own, so that a crash names its file.
    pool: 'forks',
    maxWorkers: 2,
    // CI asks for the counts as a file beside the usual report.
    ...(report ? { reporters: ['default', 'json'], outputFile: { json: report } } : {}),
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
