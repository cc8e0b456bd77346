import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';
import { mainBuild, singleFile } from './src-main/app/build/main-build.ts';
import { licences } from './src-renderer/build/licences.ts';

const report = process.env.GONDOLA_TEST_REPORT;

/** The pages; the other modes build the other parts of the app. */
const pages = defineConfig({
  root: 'src-renderer',
  base: './',
  plugins: process.env.VITEST ? [svelte()] : [tailwindcss(), svelte(), licences(import.meta.dirname)],
  build: {
    outDir: '../dist-renderer',
    emptyOutDir: true,
    // Electron's and today's browsers; the page is served from this machine, so that one file more costs nothing.
    target: 'chrome130',
    modulePreload: { polyfill: false },
    // A picture inside a style or script would need an exception in the page's security policy.
    assetsInlineLimit: 0,
  },
  test: {
    root: import.meta.dirname,
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

export default defineConfig(({ mode }) => {
  if (mode === 'main') return mainBuild();
  return mode === 'preload' || mode === 'entry' ? singleFile(mode) : pages;
});
