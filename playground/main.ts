import { KonserveError, type Key } from '../src/browser.ts'
import { keyToName } from '../src/store/names.ts'
import { byId, debounce, element, formatCount } from './dom.ts'
import { Editor } from './editor.ts'
import { deleteEntry, loadEntry } from './entry.ts'
import { clearEntry, showEntry, showUnreadable } from './entry-view.ts'
import { addToFeed } from './feed.ts'
import { acceptFiles, describeFiles, storeFiles } from './files.ts'
import { FrameView } from './frame-view.ts'
import { KeyList } from './key-list.ts'
import { formatKey, parseNotation } from './notation.ts'
import { act, hideError, say, showError } from './report.ts'
import { addKinds, addRecords } from './samples.ts'
import { STORE_ID, Session } from './session.ts'
import { listenForShortcuts } from './shortcuts.ts'
import { showStorage } from './storage.ts'
import { UPDATE_FUNCTIONS } from './update-functions.ts'

const session = new Session(
  (event) => {
    addToFeed(event)
    showStorage()
  },
  debounce(150, () => void showChanges().catch((error: unknown) => showError(error, 'Showing what has changed'))),
)
const editor = new Editor()
const list = new KeyList(session, (key) => void choose(key))
const frame = new FrameView((name) => void damaged(name))
const undoButton = byId('undo', HTMLButtonElement)

let chosen: Key | undefined
let undo: (() => Promise<void>) | undefined

byId('store-id', HTMLElement).textContent = STORE_ID
byId('update-fn', HTMLSelectElement).append(
  ...UPDATE_FUNCTIONS.map(({ label }, index) => element('option', { value: String(index) }, label)),
)
onSubmit('editor', save)
onSubmit('update-form', update)
onSubmit('set-in-form', setIn)
onSubmit('append-form', append)
onClick('delete', remove)
onClick('new-entry', startNew)
onClick('undo', bringBack)
onClick('add-samples', () => act('Adding records', addSamples))
onClick('add-kinds', () => act('Adding samples', addOneOfEach))
onClick('clear', askToClear)
onClick('reconnect', () => open('Reloaded: the memory in front starts empty.'))
onClick('retry', () => open())
onClick('memory-only', () => open('Connected in memory: nothing survives a reload.', { memoryOnly: true }))
onClick('confirm-no', () => byId('confirm', HTMLDialogElement).close())
onClick('confirm-yes', () => act('Clearing', clear))
acceptFiles((files) => void act(`Storing ${describeFiles(files)}`, () => keepFiles(files)))
listenForShortcuts({ startNew, bringBack })
await open()

/** Connect, and show what is there; where there is no storage, say so. */
async function open(said?: string, options: { readonly memoryOnly?: boolean } = {}): Promise<void> {
  hideError()
  try {
    await session.connect(options)
  } catch (error) {
    return showUnavailable(error)
  }
  byId('unavailable', HTMLElement).hidden = true
  byId('workbench', HTMLElement).hidden = false
  byId('tiers', HTMLElement).textContent = session.persistent ? 'memory in front of IndexedDB' : 'memory only'
  showStorage()
  await list.refresh()
  if (chosen !== undefined) await choose(chosen)
  say(said ?? 'Connected.')
}

function showUnavailable(error: unknown): void {
  showError(error, 'Connecting')
  const isStorage = error instanceof KonserveError && error.code === 'STORAGE_UNAVAILABLE'
  byId('unavailable-title', HTMLElement).textContent = isStorage
    ? 'This browser gives the page no storage'
    : 'The store could not be opened'
  byId('unavailable-reason', HTMLElement).textContent =
    'The playground keeps its store in IndexedDB, and could not open it. The message above says why.'
  byId('unavailable', HTMLElement).hidden = false
  byId('workbench', HTMLElement).hidden = true
}

/** Show an entry everywhere on the page. */
async function choose(key: Key): Promise<void> {
  chosen = key
  const read = await act(`Reading ${formatKey(key)}`, async () => {
    const loaded = await loadEntry(session, key)
    if (chosen !== key) return undefined
    showEntry(key, loaded)
    editor.show(key, loaded)
    return loaded.type === 'missing' ? `${formatKey(key)} is missing.` : `Read ${formatKey(key)}.`
  })
  if (chosen !== key) return
  if (!read) {
    editor.show(key, undefined)
    showUnreadable(key, 'This entry could not be read; the message at the top says why.')
  }
  await frame.show(keyToName(key), session).catch((error: unknown) => showError(error, 'Reading the frame'))
}

/** Show what this tab or another one has changed; what is being edited stays. */
async function showChanges(): Promise<void> {
  await list.refresh()
  const key = chosen
  if (key === undefined) return
  const loaded = await loadEntry(session, key)
  if (chosen !== key) return
  showEntry(key, loaded)
  await frame.show(keyToName(key), session)
}

/** Show what a write left behind. */
async function written(key: Key): Promise<void> {
  await list.refresh()
  list.mark(key)
  await choose(key)
}

async function save(): Promise<void> {
  await act('Saving', async () => {
    if (editor.truncated)
      throw new Error('Only the beginning of this value is in the form, so it cannot be saved from here.')
    const key = editor.readKey()
    const value = editor.readValue()
    const options = editor.readOptions()
    await session.run('set', (store) => store.set(key, value, options))
    await written(key)
    return `Saved ${formatKey(key)}.`
  })
}

async function update(): Promise<void> {
  const { label, fn } = UPDATE_FUNCTIONS[Number(byId('update-fn', HTMLSelectElement).value)]!
  await act('Updating', async () => {
    const key = editor.readKey()
    await session.run('update', (store) => store.update(key, fn))
    await written(key)
    return `Updated ${formatKey(key)}: ${label}.`
  })
}

async function setIn(): Promise<void> {
  await act('Setting', async () => {
    const key = editor.readKey()
    const segments = parseNotation(byId('path', HTMLInputElement).value)
    if (!Array.isArray(segments)) throw new SyntaxError('A path is a JSON array: ["tags", 0].')
    const value = parseNotation(byId('path-value', HTMLInputElement).value)
    await session.run('setIn', (store) => store.setIn([key, ...(segments as Key[])], value))
    await written(key)
    return `Set ${JSON.stringify(segments)} in ${formatKey(key)}.`
  })
}

async function append(): Promise<void> {
  await act('Appending', async () => {
    const key = editor.readKey()
    const item = parseNotation(byId('element', HTMLInputElement).value)
    await session.run('append', (store) => store.append(key, item))
    await written(key)
    return `Appended to ${formatKey(key)}.`
  })
}

async function remove(): Promise<void> {
  await act('Deleting', async () => {
    const key = editor.readKey()
    const restore = await deleteEntry(session, key)
    undo = restore && (() => restore().then(() => written(key)))
    undoButton.hidden = undo === undefined
    await list.refresh()
    const answer = undo
      ? `Deleted ${formatKey(key)}.`
      : `Deleted ${formatKey(key)}, if it was there; it cannot be brought back.`
    showNothing()
    return answer
  })
}

async function bringBack(): Promise<void> {
  const restore = undo
  if (!restore) return
  await act('Undoing', async () => {
    await restore()
    undo = undefined
    if (document.activeElement === undoButton) byId('keys', HTMLUListElement).focus()
    undoButton.hidden = true
    return 'The deleted entry is back.'
  })
}

function startNew(): void {
  hideError()
  showNothing()
  editor.clear()
}

function showNothing(): void {
  chosen = undefined
  list.mark(undefined)
  clearEntry()
  frame.clear()
}

async function addSamples(): Promise<string> {
  const last = await session.run('setMany, 1,000', (store) => addRecords(store, 1000))
  await list.refresh()
  return `Added 1,000 records, up to number ${formatCount(last)}.`
}

async function addOneOfEach(): Promise<string> {
  await session.run('samples', addKinds)
  await list.refresh()
  return 'Added an entry of each kind.'
}

async function keepFiles(files: readonly File[]): Promise<string | undefined> {
  const last = await storeFiles(session, files)
  if (last !== undefined) await written(last)
  return `Stored ${describeFiles(files)}.`
}

function askToClear(): void {
  let prefix: unknown
  try {
    prefix = list.prefix
  } catch (error) {
    return showError(error, 'Clearing')
  }
  byId('confirm-text', HTMLElement).textContent =
    prefix === undefined
      ? 'Delete every entry of this store? This cannot be undone.'
      : `Delete every entry whose key starts with ${JSON.stringify(prefix)}? This cannot be undone.`
  byId('confirm', HTMLDialogElement).showModal()
}

async function clear(): Promise<string> {
  byId('confirm', HTMLDialogElement).close()
  const { prefix } = list
  await session.run('clear', (store) => store.clear({ prefix }))
  showNothing()
  await list.refresh()
  return 'Cleared.'
}

/** The bytes changed past the store: only a new front sees them. */
async function damaged(name: string): Promise<void> {
  if (chosen === undefined || keyToName(chosen) !== name) return
  const key = chosen
  await act('Reading the changed bytes', async () => {
    await session.connect()
    return undefined
  })
  await choose(key)
}

function onClick(id: string, fn: () => unknown): void {
  byId(id, HTMLButtonElement).addEventListener('click', () => void fn())
}

function onSubmit(id: string, fn: () => unknown): void {
  byId(id, HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    fn()
  })
}
