import { defineBrowserProvider } from '@vitest/browser'
import { openWebKit } from './webkit.mjs'

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
  /** @type {ReturnType<typeof openWebKit> | undefined} */
  #browser

  getCommandsContext() {
    return {}
  }

  /**
   * @param {string} _session
   * @param {string} url
   */
  async openPage(_session, url) {
    this.#browser ??= openWebKit()
    const page = await (await this.#browser).newPage()
    await page.goto(url)
  }

  async close() {
    await (await this.#browser)?.close()
  }
}
