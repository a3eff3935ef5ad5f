/** Builds the page into `dist/web`, which the program serves. Nothing in it is fetched from elsewhere. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  // The policy of the server forbids inline code and inline styles: nothing may be folded into the HTML.
  build: {
    outDir: '../../../dist/web',
    emptyOutDir: true,
    assetsDir: 'built',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  clearScreen: false,
})
