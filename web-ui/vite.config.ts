// Answers for: how the sources become `dist/`, the files the server embeds.
import { defineConfig } from 'vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { licenses } from './scripts/licenses';

export default defineConfig({
  plugins: [svelte({ compilerOptions: { runes: true } }), licenses()],
  // Without this the string tables grow by two thirds, every key becoming an export.
  json: { stringify: true, namedExports: false },
  // The page may lie below a path of the host (`--base-path`): files name each other from where they are, and the server
  // writes the path into index.html.
  experimental: { renderBuiltUrl: (name, { hostType }) => (hostType === 'html' ? `/${name}` : { relative: true }) },
  build: {
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // Icons must stay a file of their own: `<use>` cannot point into a data URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: Object.fromEntries(['/api', '/v1.0', '/ui'].map((p) => [p, process.env.HAUSPOST_URL ?? 'http://127.0.0.1:8099'])) },
  test: { include: ['src/**/*.test.ts'], environment: 'node', env: { TZ: 'Europe/Berlin' } },
} as Parameters<typeof defineConfig>[0]);
