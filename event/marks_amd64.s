//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Classes of the bytes that may stand behind a backslash, by their lower and their upper four bits: " is 1, the backslash is
// 2, b, f and n are 4, r and t are 8, u is 16, / is 32. A byte belongs to a class if both its halves do.
DATA lowerHalves<>+0(SB)/8, $0x00041008000D0000
DATA lowerHalves<>+8(SB)/8, $0x2004000200000000
GLOBL lowerHalves<>(SB), RODATA|NOPTR, $16

DATA upperHalves<>+0(SB)/8, $0x1804020000210000
DATA upperHalves<>+8(SB)/8, $0x0000000000000000
GLOBL upperHalves<>(SB), RODATA|NOPTR, $16

DATA oddBits<>+0(SB)/8, $0xAAAAAAAAAAAAAAAA
GLOBL oddBits<>(SB), RODATA|NOPTR, $8

// END writes down where the lowest bit of AX is, and removes it.
#define END(index) \
	TZCNTQ AX, BX; \
	ADDQ   R15, BX; \
	MOVL   BX, ((index)*4)(R13); \
	BLSRQ  AX, AX

#define EIGHT_ENDS(index) \
	END(index+0); \
	END(index+1); \
	END(index+2); \
	END(index+3); \
	END(index+4); \
	END(index+5); \
	END(index+6); \
	END(index+7)

// BITS makes a word of the highest bits of the bytes in two registers.
#define BITS(low, high, word, spare) \
	VPMOVMSKB low, word; \
	VPMOVMSKB high, spare; \
	SHLQ      $32, spare; \
	ORQ       spare, word

// func markStrings(blocks *byte, count int, m *marks, first int) int
TEXT ·markStrings(SB), NOSPLIT, $0-40
	MOVQ blocks+0(FP), SI
	MOVQ count+8(FP), CX
	MOVQ m+16(FP), DI
	MOVQ first+24(FP), BX

	MOVQ marks_escaped(DI), R8     // 1 if the first byte of the block is escaped by the last one of the block before
	MOVQ marks_inside(DI), R9      // all ones if the block begins inside a string
	MOVQ marks_bad(DI), R10        // not 0 once something was wrong in a string
	MOVQ marks_odd(DI), R11        // not 0 once there was an escape with a u or a slash
	MOVQ marks_carrying(DI), R12   // all ones if the block begins inside a string in which there was an escape
	MOVQ marks_count(DI), R13
	LEAQ marks_ends(DI)(R13*4), R13
	MOVQ marks_base(DI), R15       // R15: where the block stands in the document
	LEAQ marks_escapes(DI)(BX*8), DI
	SHLQ $6, BX
	ADDQ BX, R15

	MOVQ           $0x2222222222222222, AX // quotes
	VMOVQ          AX, X8
	VPBROADCASTQ   X8, Y8
	MOVQ           $0x5C5C5C5C5C5C5C5C, AX // backslashes
	VMOVQ          AX, X9
	VPBROADCASTQ   X9, Y9
	MOVQ           $0x1F1F1F1F1F1F1F1F, AX // the last of the control characters
	VMOVQ          AX, X10
	VPBROADCASTQ   X10, Y10
	VPCMPEQB       X11, X11, X11
	VPXOR          X15, X15, X15   // Y15: all bytes or'ed, for those beyond ASCII

block:
	VMOVDQU  (SI), Y0
	VMOVDQU  32(SI), Y1
	VPOR     Y0, Y15, Y15
	VPOR     Y1, Y15, Y15
	VPCMPEQB Y0, Y8, Y2
	VPCMPEQB Y1, Y8, Y3
	BITS(Y2, Y3, AX, BX)           // AX: quotes
	VPCMPEQB Y0, Y9, Y4
	VPCMPEQB Y1, Y9, Y5
	VPMINUB  Y0, Y1, Y6
	VPMINUB  Y6, Y10, Y7
	VPCMPEQB Y6, Y7, Y7
	VPOR     Y4, Y5, Y6
	VPOR     Y6, Y7, Y7
	VPMOVMSKB Y7, DX
	ORQ      R8, DX
	ORQ      R12, DX
	JNZ      special
	MOVQ     DX, (DI)

	VMOVQ      AX, X2
	VPCLMULQDQ $0, X11, X2, X2     // by all ones: each bit becomes the parity of the bits up to it
	VMOVQ      X2, BX
	XORQ       R9, BX              // BX: each string from its opening quote up to the byte before its closing one
	MOVQ       BX, R9
	SARQ       $63, R9
	ANDNQ      AX, BX, AX          // AX: closing quotes

ends:
	// Most blocks have eight at most: writing eight always costs less than foreseeing how many there are.
	POPCNTQ AX, R14
	EIGHT_ENDS(0)
	CMPQ    R14, $8
	JA      more

next:
	LEAQ (R13)(R14*4), R13
	ADDQ $64, R15
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JZ   done
	MOVQ m+16(FP), AX
	LEAQ (marks_ends+const_maxEnds*4)(AX), AX
	CMPQ R13, AX
	JBE  block

done:
	MOVQ count+8(FP), AX
	SUBQ CX, AX
	MOVQ AX, ret+32(FP)
	MOVQ m+16(FP), DI
	LEAQ marks_ends(DI), AX
	SUBQ AX, R13
	SHRQ $2, R13
	MOVQ R13, marks_count(DI)
	MOVQ R12, marks_carrying(DI)
	MOVQ R8, marks_escaped(DI)
	MOVQ R9, marks_inside(DI)
	MOVQ R10, marks_bad(DI)
	MOVQ R11, marks_odd(DI)
	VPMOVMSKB Y15, AX
	ORQ  AX, marks_wide(DI)
	VZEROUPPER
	RET

more:
	EIGHT_ENDS(8)
	CMPQ R14, $16
	JBE  next
	EIGHT_ENDS(16)
	EIGHT_ENDS(24)
	JMP  next

// A block with a backslash or a control character, or behind one with an escape.
special:
	BITS(Y4, Y5, DX, BX)           // DX: backslashes
	MOVQ     DX, BX
	ORQ      R8, BX
	JNZ      escapes
	MOVQ     DX, (DI)

strings:
	VMOVQ      AX, X2
	VPCLMULQDQ $0, X11, X2, X2
	VMOVQ      X2, BX
	XORQ       R9, BX
	MOVQ       BX, R9
	SARQ       $63, R9
	VPMINUB    Y0, Y10, Y2
	VPMINUB    Y1, Y10, Y3
	VPCMPEQB   Y0, Y2, Y2
	VPCMPEQB   Y1, Y3, Y3
	BITS(Y2, Y3, R14, DX)          // R14: control characters
	ANDQ       BX, R14
	ORQ        R14, R10

	// Added to the bits of its string, an escape carries to the closing quote, over blocks as well.
	MOVQ  (DI), DX
	NEGQ  R12
	ADCQ  BX, DX
	SBBQ  R12, R12
	ANDNQ AX, BX, AX
	XORL  R14, R14
	TESTQ AX, AX
	JZ    next

end:
	TZCNTQ AX, BX
	BTQ    BX, DX
	SBBL   R14, R14
	SHLL   $31, R14                // const_escapeIn where there is an escape
	ADDQ   R15, BX
	ORL    R14, BX
	MOVL   BX, (R13)
	ADDQ   $4, R13
	BLSRQ  AX, AX
	JNZ    end
	XORL   R14, R14
	JMP    next

// In a run of backslashes every second one is escaped, and the byte behind the run is if the run is odd. A subtraction
// carries from the beginning of each run to its end, and the odd bits tell whether that is an even number away.
escapes:
	MOVQ R8, BX
	NOTQ BX
	ANDQ DX, BX                    // backslashes that are not escaped by the block before
	MOVQ BX, R14
	SHLQ $1, R14
	ORQ  oddBits<>(SB), R14
	SUBQ BX, R14
	XORQ oddBits<>(SB), R14
	MOVQ DX, BX
	ORQ  R8, BX
	XORQ R14, BX                   // BX: escaped bytes
	ANDQ R14, DX                   // DX: backslashes that begin an escape
	MOVQ DX, (DI)
	MOVQ DX, R8
	SHRQ $63, R8

	VBROADCASTI128 lowerHalves<>(SB), Y12
	VBROADCASTI128 upperHalves<>(SB), Y13
	MOVQ           $0x0F0F0F0F0F0F0F0F, R14
	VMOVQ          R14, X14
	VPBROADCASTQ   X14, Y14
	VPSHUFB        Y0, Y12, Y2
	VPSHUFB        Y1, Y12, Y3
	VPSRLW         $4, Y0, Y4
	VPSRLW         $4, Y1, Y5
	VPAND          Y14, Y4, Y4
	VPAND          Y14, Y5, Y5
	VPSHUFB        Y4, Y13, Y4
	VPSHUFB        Y5, Y13, Y5
	VPAND          Y2, Y4, Y2
	VPAND          Y3, Y5, Y3
	VPSLLW         $3, Y2, Y4      // brings the bit of the u's class to the top
	VPSLLW         $3, Y3, Y5
	VPSLLW         $2, Y2, Y6      // and that of the slash's
	VPSLLW         $2, Y3, Y7
	VPOR           Y6, Y4, Y4
	VPOR           Y7, Y5, Y5
	BITS(Y4, Y5, R14, DX)
	ANDQ           BX, R14
	ORQ            R14, R11
	VPXOR          Y4, Y4, Y4
	VPCMPEQB       Y4, Y2, Y2
	VPCMPEQB       Y4, Y3, Y3
	BITS(Y2, Y3, R14, DX)
	ANDQ           BX, R14         // bytes that no escape has
	ORQ            R14, R10
	NOTQ           BX
	ANDQ           BX, AX
	JMP            strings
