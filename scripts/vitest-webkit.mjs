import { defineBrowserProvider } from '@vitest/browser'
import { showInWebKit } from './webkit.mjs'

/** Vitest's provider for WebKitGTK. It opens pages, and has no commands beyond that. */
export function webkit() {
  return defineBrowserProvider({
    name: 'webkitgtk',
    supportedBrowser: ['webkit'],
    options: {},
    providerFactory: () => new WebKitProvider(),
  })
}

class WebKitProvider {
  name = 'webkitgtk'
  supportsParallelism = false
  /** @type {(() => void) | undefined} */
  #close

  getCommandsContext() {
    return {}
  }

  /**
   * @param {string} _session
   * @param {string} url
   */
  async openPage(_session, url) {
    this.#close?.()
    this.#close = showInWebKit(url)
  }

  async close() {
    this.#close?.()
  }
}
