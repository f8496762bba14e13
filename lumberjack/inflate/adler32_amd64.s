//go:build !purego

#include "textflag.h"

// By how much the bytes of a block count in the sum of sums.
DATA weights<>+0(SB)/8, $0x191a1b1c1d1e1f20
DATA weights<>+8(SB)/8, $0x1112131415161718
DATA weights<>+16(SB)/8, $0x090a0b0c0d0e0f10
DATA weights<>+24(SB)/8, $0x0102030405060708
GLOBL weights<>(SB), RODATA|NOPTR, $32

DATA ones<>+0(SB)/8, $0x0001000100010001
GLOBL ones<>(SB), RODATA|NOPTR, $8

// func sumAVX2(sum, sums uint32, p []byte) (newSum, newSums uint32)
//
// Y0  sum, in lanes
// Y1  the sum as it was before each block, summed up; each counts 32 times
// Y2  bytes times their weights, summed up
// All are modulo 2^32 in each lane, and so is what the lanes are added up to in the end.
TEXT ·sumAVX2(SB), NOSPLIT, $0-40
	MOVL sum+0(FP), AX
	MOVL sums+4(FP), BX
	MOVQ p_base+8(FP), SI
	MOVQ p_len+16(FP), CX

	VMOVD        AX, X0
	VPXOR        Y1, Y1, Y1
	VPXOR        Y2, Y2, Y2
	VPXOR        Y3, Y3, Y3
	VMOVDQU      weights<>(SB), Y4
	VPBROADCASTQ ones<>(SB), Y5

	SUBQ $64, CX
	JLT  last

pair:
	// Two products of at most 255*(32+31) fit in a signed 16-bit lane.
	VMOVDQU    (SI), Y6
	VMOVDQU    32(SI), Y7
	VPADDD     Y0, Y1, Y1
	VPMADDUBSW Y4, Y6, Y8
	VPSADBW    Y3, Y6, Y6
	VPMADDUBSW Y4, Y7, Y9
	VPSADBW    Y3, Y7, Y7
	VPADDD     Y6, Y0, Y0
	VPADDW     Y9, Y8, Y8
	VPADDD     Y0, Y1, Y1
	VPMADDWD   Y5, Y8, Y8
	VPADDD     Y7, Y0, Y0
	VPADDD     Y8, Y2, Y2
	ADDQ       $64, SI
	SUBQ       $64, CX
	JGE        pair

last:
	ADDQ       $64, CX
	JEQ        done
	VMOVDQU    (SI), Y6
	VPADDD     Y0, Y1, Y1
	VPMADDUBSW Y4, Y6, Y8
	VPSADBW    Y3, Y6, Y6
	VPMADDWD   Y5, Y8, Y8
	VPADDD     Y6, Y0, Y0
	VPADDD     Y8, Y2, Y2

done:
	VPSLLD $5, Y1, Y1
	VPADDD Y1, Y2, Y2

	VEXTRACTI128 $1, Y0, X6
	VEXTRACTI128 $1, Y2, X7
	VPADDD       X6, X0, X0
	VPADDD       X7, X2, X2
	VPHADDD      X2, X0, X0
	VPHADDD      X0, X0, X0
	VMOVD        X0, AX
	VPEXTRD      $1, X0, CX
	ADDL         CX, BX
	VZEROUPPER

	MOVL AX, newSum+32(FP)
	MOVL BX, newSums+36(FP)
	RET
