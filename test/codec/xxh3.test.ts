import { describe, expect, test } from 'vitest'
import { xxh3 } from '../../src/codec/xxh3.ts'

const SEEDS = [0n, 1n, 0x85ebca8d9e3779b1n]

// [length, hash with each seed] of the first bytes of INPUT, as the reference implementation answers (hash-wasm 4.12.0).
const VECTORS: [number, ...string[]][] = [
  [0, '2d06800538d394c2', '4dc5b0cc826f6703', '616aa78f88db8444'],
  [1, 'dd02fbe6d2c66464', '1ca7a33bde2d5d7b', 'd969a87c3d17d3a2'],
  [2, '64dd7b7921809f37', '729465327d85d3b4', '11de98ac53fa5b3b'],
  [3, 'feea62717a65f4b9', 'd18aa08b06a1711c', '123b6ceed4945356'],
  [4, '2f4454dbf80a0e2f', '877530374fa2d9b0', '2475513d49b20329'],
  [5, '4cf5f56aff1cad40', '19a22cd9b6457068', '4b9e651cbf100f9a'],
  [7, '78a1317c84b5433d', 'eca811e4bf00ca5c', 'ed4e5de03ae46680'],
  [8, '9d3e45db5e113fd7', 'b8f466ad5bd18a08', 'bf4771339426e55e'],
  [9, '554e53130559708b', '1e427454805ee180', '25e7923d62da426b'],
  [12, '988fa941358ae901', '100f471b349ead05', '82cf3bedbcf795a3'],
  [15, 'a59517294c5a21d6', '85ac6bdd0caa4388', '07a8f12a7f0b911f'],
  [16, '726c0d7e2ce27907', 'be4270bcc53f971a', 'cdc044043982c08e'],
  [17, '48c881938b08bf45', 'f2f545e149226f5c', 'd79ea891064ac498'],
  [31, '2daf0e7edce76228', '23d84da03abb7796', 'eea03143eb600adb'],
  [32, 'b90bf00e3fabcb13', '60117b3cc3c05534', '1e1591c70ae0fb8b'],
  [33, 'a1197b681eae9f57', 'e6a0987f490426fb', '69fe45c1395d7f6c'],
  [64, '7f639448abc25e6d', '4931fdf0c9b033a0', '755cee08a360b8e1'],
  [65, 'b10d06f3f8477f2a', 'd4b730c2b72b6502', '373a0b1432a9dddd'],
  [96, '7854026e6ad483cb', 'aeaeee4afffa52c7', 'f7db37bdfbb1d073'],
  [97, '32ad83070146a29e', '50acc5005573c87e', 'a7976cf3f486e942'],
  [127, '6f831c2a2c7598f8', 'bdcb58304deb1b99', 'bfb22ac484343d02'],
  [128, '3764bcdb112e17fa', '251b200c17330068', '75ecf779a590d2cb'],
  [129, '3eb30581b3d9c562', 'b2b9aa67e630434c', '1c7cc66b0732ac59'],
  [143, '093e33cdcb0d0fd2', '0e58bf01451dc208', '54176a4d36d18595'],
  [144, 'cda59426d41c69e2', '8a9d966b6feeb668', '63cecb78fb8910f1'],
  [192, 'eea1981726cddc11', '4c37f491f6a1e507', '74d5a3b1be4cd63d'],
  [239, 'a089379bbd71879e', '152719b7a9e97b74', '6a58a2c1ee822e27'],
  [240, '3cac406073fb6376', '146aa0b1a74d57c8', '58a70b2bca6d47d0'],
  [241, '6deb1ae71a8a8bec', 'dce9e6ee855c45df', '93fb5b5ca05b5029'],
  [255, '23b90db6d6de6567', '0ca0343fd27e4bcf', 'd172bdfc64a58e96'],
  [256, '76a9ac333596068e', 'fbfc1062f84c04e6', '92a6263f4dc0f2f6'],
  [512, '9d113a046367a1f3', '5d22ae2b56349436', 'c2df0ea960e76327'],
  [513, 'acb232a9e2686e83', 'acc8417646d18f23', '72b7e741a7bc93c2'],
  [1023, '53f97b096f6e41a0', '08713599e789b764', '15ca221b1acc670d'],
  [1024, '5370f57883c8f088', '2fb8dfe16c4e7525', 'e554bb05e7aed011'],
  [1025, '2e7bc851fc4a1332', '8f0b64866c7425bc', '67d368d259c31db7'],
  [1088, '723045f6c8de3df0', 'f5e33486b17eb272', '1db87fcac5b92a08'],
  [1089, '78fc3e224dd88a9f', 'ef09bb8300636343', 'ccb2e9340e44f099'],
  [2047, '2fdda010f04c3b2a', '51bc22fe726587be', '35c43823b50c9745'],
  [2048, 'bf6c53d903f40e3a', '99c3c346781339f9', '440bfc8a1f93d958'],
  [2049, '7f02f084b6e466a7', '9e464d7dfec0f928', '428f486a680fe4ce'],
  [5000, 'f8375f524c683b2b', '3e5755375744b59a', '0d4b327c97a1daa9'],
]

const INPUT = Uint8Array.from({ length: 5000 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24)

describe('xxh3', () => {
  test.each(VECTORS)('hashes %i bytes as the reference does, with every seed', (length, ...hashes) => {
    expect(SEEDS.map((seed) => hex(xxh3(INPUT.subarray(0, length), seed)))).toEqual(hashes)
  })

  test('hashes a part of a buffer as it hashes a copy of the part', () => {
    const odd = new Uint8Array(6000)
    for (const [length] of VECTORS) {
      odd.set(INPUT.subarray(0, length), 13)
      expect(xxh3(odd.subarray(13, 13 + length), SEEDS[2])).toEqual(xxh3(INPUT.slice(0, length), SEEDS[2]))
    }
  })

  test('does not carry one seed into the hash with another', () => {
    const first = SEEDS.map((seed) => hex(xxh3(INPUT, seed)))
    const again = [...SEEDS].reverse().map((seed) => hex(xxh3(INPUT, seed)))
    expect(again.reverse()).toEqual(first)
  })
})

function hex(hash: bigint): string {
  return hash.toString(16).padStart(16, '0')
}
