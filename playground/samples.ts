import type { Key, Store } from '../src/index.ts'

/** Add the next `count` records. Answers with the number of the last one. */
export async function addRecords(store: Store, count: number): Promise<number> {
  let last = 0
  for await (const key of store.keys({ prefix: RECORDS, reverse: true, limit: 1 }))
    last = Number(String(key).slice(RECORDS.length))
  const numbers = Array.from({ length: count }, (_, index) => last + index + 1)
  await store.setMany(numbers.map((number) => [`${RECORDS}${String(number).padStart(6, '0')}`, recordOf(number)]))
  return last + count
}

/** Add an entry of each kind that the store can hold. */
export async function addKinds(store: Store): Promise<void> {
  await store.setMany(
    Object.entries({
      'kinds/array': ['a list', 2, true, null, [3, [4]]],
      'kinds/bigint': 123456789012345678901234567890n,
      'kinds/bytes': new TextEncoder().encode('plain bytes inside a value'),
      'kinds/date': new Date(),
      'kinds/error': new RangeError('too far', { cause: new Error('the road ended') }),
      'kinds/map': new Map<unknown, unknown>([
        ['text', 1],
        [2, 'number'],
        [true, new Map([['deep', new Set([1, 2])]])],
      ]),
      'kinds/markup': '<img src=x onerror="alert(1)"> stays text',
      'kinds/nested': nested(),
      'kinds/null': null,
      'kinds/numbers': [0, -0, 1.5, Number.NaN, Infinity, -Infinity, 9007199254740991],
      'kinds/regexp': /^konserve-(?<suffix>ts|js)$/giu,
      'kinds/set': new Set(['red', 'green', 'blue']),
      'kinds/typed-array': new Float64Array([0.5, 1.25, -3]),
      'kinds/undefined': undefined,
      'kinds/url': new URL('https://example.org/path?query=1'),
    }),
  )
  await store.setMany(OTHER_KEYS)
  await store.set('kinds/with-metadata', { title: 'Draft' }, { meta: { author: 'ada', tags: new Set(['new']) } })
  await store.set('kinds/short-lived', 'gone in two minutes', { ttl: 120_000 })
  await store.delete('kinds/log')
  for (const event of ['opened', 'read', 'closed']) await store.append('kinds/log', { event, at: new Date() })
  const image = await paint()
  await store.setBinary('kinds/image.png', image, {
    meta: { name: 'image.png', mediaType: 'image/png', size: image.size },
  })
}

const RECORDS = 'record:'
const OTHER_KEYS: readonly (readonly [Key, unknown])[] = [
  [42, 'under a number'],
  [['sensor', 7, 'north'], { celsius: 21.5 }],
  [['sensor', 12, 'south'], { celsius: 24 }],
  [new Date(Date.UTC(2026, 0, 31)), 'under a date'],
]
const CITIES = ['Lisbon', 'Oslo', 'Quito', 'Kyoto', 'Accra', 'Hobart']

function recordOf(number: number): unknown {
  return {
    number,
    name: `Record ${number}`,
    city: CITIES[number % CITIES.length],
    score: Math.round(1000 * Math.abs(Math.sin(number))) / 10,
    created: new Date(Date.UTC(2026, 0, 1) + number * 3_600_000),
    tags: new Set([number % 2 === 0 ? 'even' : 'odd', number % 3 === 0 ? 'fizz' : 'plain']),
  }
}

function nested(): unknown {
  return {
    id: 7,
    title: 'A document',
    author: { name: 'Ada', email: 'ada@example.org' },
    tags: ['one', 'two'],
    counts: { views: 1200, likes: 37n },
    updated: new Date(),
  }
}

/** A small picture, painted here. */
async function paint(): Promise<Blob> {
  const canvas = document.createElement('canvas')
  canvas.width = 320
  canvas.height = 180
  const context = canvas.getContext('2d')!
  const sky = context.createLinearGradient(0, 0, 0, 180)
  sky.addColorStop(0, '#0b3b5c')
  sky.addColorStop(1, '#f3a65a')
  context.fillStyle = sky
  context.fillRect(0, 0, 320, 180)
  context.fillStyle = '#fde9b8'
  context.beginPath()
  context.arc(230, 110, 34, 0, 2 * Math.PI)
  context.fill()
  for (const [color, height, phase] of [
    ['#15616d', 120, 0],
    ['#0d3b45', 145, 2],
  ] as const) {
    context.fillStyle = color
    context.beginPath()
    context.moveTo(0, 180)
    for (let x = 0; x <= 320; x += 8) context.lineTo(x, height + 14 * Math.sin(x / 36 + phase))
    context.lineTo(320, 180)
    context.fill()
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be painted'))), 'image/png')
  })
}
