import { defineConfig } from 'vitest/config'
import vue from '@vitejs/plugin-vue'

// The address of a running proxy, for `npm run dev` only.
const proxy = process.env.CLAUDE_PROXY_URL ?? 'http://127.0.0.1:3000'

export default defineConfig({
  // Relative, so that the UI also works below a path of a reverse proxy.
  base: './',
  plugins: [vue()],
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Nothing becomes a data: URL: the content security policy allows files of this origin only.
    assetsInlineLimit: 0,
    sourcemap: false,
    reportCompressedSize: false,
  },
  server: { proxy: { '/admin': proxy, '/v1': proxy } },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'] },
})
