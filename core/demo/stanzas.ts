/**
 * What the demo archive holds: four small packages, built with dpkg-deb and dpkg-source and
 * indexed with apt-ftparchive.
 */

/** The source package that changes. */
export const MINI_SOURCE = `Package: mini
Format: 3.0 (native)
Binary: mini
Architecture: amd64
Version: 1.0
Maintainer: Mini Archive <archive@example.org>
Standards-Version: 4.6.2
Directory: pool/main/m/mini
Package-List:
 mini deb misc optional arch=amd64
Files:
 1c10449bd058adaf79f762b4f7dd32fc 444 mini_1.0.dsc
 b6a11c052bc2d9850f018b5986994d95 527 mini_1.0.tar.gz
Checksums-Sha1:
 5dc183d3edde8765d3124efcc971fcb5751bee1b 444 mini_1.0.dsc
 91b4af42360decc22d9c02f24ad334c0a0f2b402 527 mini_1.0.tar.gz
Checksums-Sha256:
 ac85fdd12cd934a3b20c6dc157374f337f47b135f4f883663929d515e709d667 444 mini_1.0.dsc
 facb38eba7124209dd3002b1ee2988dfa7ac9e9a70d91b0182ab181e541bbcbe 527 mini_1.0.tar.gz
`;

/** The source packages that stay. */
export const OTHER_SOURCES = `Package: libmini1
Format: 3.0 (native)
Binary: libmini1
Architecture: amd64
Version: 1.0~a
Maintainer: Mini Archive <archive@example.org>
Standards-Version: 4.6.2
Directory: pool/main/l/libmini1
Package-List:
 libmini1 deb misc optional arch=amd64
Files:
 9f2aef106b03dbc6558f5dcfb6855720 476 libmini1_1.0~a.dsc
 0018e66e8913a693383d972ee07e9824 538 libmini1_1.0~a.tar.gz
Checksums-Sha1:
 0a79780e6f97eba0abed4f10028e540bf2927646 476 libmini1_1.0~a.dsc
 a63349ee9b18e3e2e5c43c32bdd890069734943e 538 libmini1_1.0~a.tar.gz
Checksums-Sha256:
 46b8b8183ba439ba6a9b667d89a8fafcdb8db9436dccb719374cd7e85bcfb899 476 libmini1_1.0~a.dsc
 fdb08014ad75c9ad352da34332055582036ad0053c9ce6af2629e4850ce64b50 538 libmini1_1.0~a.tar.gz

Package: mini-data
Format: 3.0 (native)
Binary: mini-data
Architecture: all
Version: 1.0
Maintainer: Mini Archive <archive@example.org>
Standards-Version: 4.6.2
Directory: pool/main/m/mini-data
Package-List:
 mini-data deb misc optional arch=all
Files:
 3a96a1c42739417c3a4166751c5205d0 470 mini-data_1.0.dsc
 972dfa7a96937164a74e2d941019669a 532 mini-data_1.0.tar.gz
Checksums-Sha1:
 b41ef74b275c3f7058bf92ee12ca284ac0f2cea0 470 mini-data_1.0.dsc
 66e0a06e698fad2095e27dde8fa54ab621a2059f 532 mini-data_1.0.tar.gz
Checksums-Sha256:
 9016c01ca7c0183e875c65bd52896fa837e46ffd719d9e9d46ca790b09289a1e 470 mini-data_1.0.dsc
 7e882430d6770f2db14d69707a80dc1dceaea7db004b8b6179316a9ed4020b02 532 mini-data_1.0.tar.gz

Package: epoch
Format: 3.0 (native)
Binary: epoch
Architecture: all
Version: 1:2.0
Maintainer: Mini Archive <archive@example.org>
Standards-Version: 4.6.2
Directory: pool/main/e/epoch
Package-List:
 epoch deb misc optional arch=all
Files:
 247e79989ed1d6ea427efb4dcd347bf1 448 epoch_2.0.dsc
 541793622ea522342b7d6fdcce6f96fe 531 epoch_2.0.tar.gz
Checksums-Sha1:
 d8619a3980102c9dc3771e060e26b6b585e80825 448 epoch_2.0.dsc
 51907dbccecb75f326fd9324589bc6e886ecea86 531 epoch_2.0.tar.gz
Checksums-Sha256:
 399d2275cb3354cb475ea95063817e97e540a308cfe2625855de7a3c6dfa1202 448 epoch_2.0.dsc
 e3c9ecea2f072e0bc5f20065f1a6737151bff57485644e7e79d607b993811213 531 epoch_2.0.tar.gz
`;

/** The binary package of mini, for amd64. */
export const MINI_BINARY = `Package: mini
Architecture: amd64
Version: 1.0
Priority: optional
Section: misc
Maintainer: Mini Archive <archive@example.org>
Depends: libmini1 (>= 1.0~), mini-data (= 1.0)
Filename: pool/main/m/mini/mini_1.0_amd64.deb
Size: 690
MD5sum: d771b5950fab081e3321d63db08c4918
SHA1: 1427cdd3efdf4a943aad21a6e19643c2735987bd
SHA256: 73df748508cb8b03afeb51bdcd6ab4bf955c850a760feeb4538adb948fdb3cd8
Description: test package mini
 long text
`;

/** Binary packages for amd64 that stay. */
export const OTHER_BINARIES = `Package: libmini1
Architecture: amd64
Version: 1.0~a
Priority: optional
Section: misc
Maintainer: Mini Archive <archive@example.org>
Filename: pool/main/l/libmini1/libmini1_1.0~a_amd64.deb
Size: 668
MD5sum: 6aa910440b3fd30ecc35922c2f4cfff5
SHA1: dd048cfb83d738789f850b087c4aae31ffdef16c
SHA256: b684f429f67a3352a1905bf5a479e30ff9301ef5371c2bf4111325bfaebb5717
Description: test package libmini1
 long text
`;

/** Binary packages for every architecture. */
export const BINARIES_FOR_ALL = `Package: mini-data
Architecture: all
Version: 1.0
Priority: optional
Section: misc
Maintainer: Mini Archive <archive@example.org>
Filename: pool/main/m/mini-data/mini-data_1.0_all.deb
Size: 664
MD5sum: 46b426b977b1d17e045340d391447468
SHA1: 5068f85f342c4682ba630a5f7f138993d6143da5
SHA256: 178c94b4e1e909aaee4ba1b137b2c9eef2538893b55299a0bf56d01194f1d462
Description: test package mini-data
 long text

Package: epoch
Architecture: all
Version: 1:2.0
Priority: optional
Section: misc
Maintainer: Mini Archive <archive@example.org>
Filename: pool/main/e/epoch/epoch_2.0_all.deb
Size: 656
MD5sum: 641f9d6d8dfac9cff3997a18933ec22c
SHA1: 94924819a450b0fdf54d37dfbe61e66fcb0c6927
SHA256: cd8a2edd088e05f42860e04f9271ba1b011d3a7dd7d180e17bbc03e60bf695e5
Description: test package epoch
 long text
`;
