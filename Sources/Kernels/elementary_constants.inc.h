// Written by scripts/goldens/elementary.py --constants. Pairs are a number's nearest double and the nearest to what
// that leaves out.

static const struct pair log_2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
static const struct pair half_pi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};
// A 32nd of ln 2; the first part has 37 bits, so that its product with a number of 16 bits is exact.
static const double log_2_step[3] = {0x1.62e42fefa0000p-6, 0x1.cf79abc9e3b3ap-45, -0x1.ff0342542fc33p-99};
static const double steps_by_log_2 = 0x1.71547652b82fep+5;

// 1 / n!
static const struct pair inverse_factorials[30] = {
    {0x1.0000000000000p+0, 0x0.0p+0},
    {0x1.0000000000000p+0, 0x0.0p+0},
    {0x1.0000000000000p-1, 0x0.0p+0},
    {0x1.5555555555555p-3, 0x1.5555555555555p-57},
    {0x1.5555555555555p-5, 0x1.5555555555555p-59},
    {0x1.1111111111111p-7, 0x1.1111111111111p-63},
    {0x1.6c16c16c16c17p-10, -0x1.f49f49f49f49fp-65},
    {0x1.a01a01a01a01ap-13, 0x1.a01a01a01a01ap-73},
    {0x1.a01a01a01a01ap-16, 0x1.a01a01a01a01ap-76},
    {0x1.71de3a556c734p-19, -0x1.c154f8ddc6c00p-73},
    {0x1.27e4fb7789f5cp-22, 0x1.cbbc05b4fa99ap-76},
    {0x1.ae64567f544e4p-26, -0x1.c062e06d1f209p-80},
    {0x1.1eed8eff8d898p-29, -0x1.2aec959e14c06p-83},
    {0x1.6124613a86d09p-33, 0x1.f28e0cc748ebep-87},
    {0x1.93974a8c07c9dp-37, 0x1.05d6f8a2efd1fp-92},
    {0x1.ae7f3e733b81fp-41, 0x1.1d8656b0ee8cbp-97},
    {0x1.ae7f3e733b81fp-45, 0x1.1d8656b0ee8cbp-101},
    {0x1.952c77030ad4ap-49, 0x1.ac981465ddc6cp-103},
    {0x1.6827863b97d97p-53, 0x1.eec01221a8b0bp-107},
    {0x1.2f49b46814157p-57, 0x1.2650f61dbdcb4p-112},
    {0x1.e542ba4020225p-62, 0x1.ea72b4afe3c2fp-120},
    {0x1.71b8ef6dcf572p-66, -0x1.d043ae40c4647p-120},
    {0x1.0ce396db7f853p-70, -0x1.aebcdbd20331cp-124},
    {0x1.761b41316381ap-75, -0x1.3423c7d91404fp-130},
    {0x1.f2cf01972f578p-80, -0x1.9ada5fcc1ab14p-135},
    {0x1.3f3ccdd165fa9p-84, -0x1.58ddadf344487p-139},
    {0x1.88e85fc6a4e5ap-89, -0x1.71c37ebd16540p-143},
    {0x1.d1ab1c2dccea3p-94, 0x1.054d0c78aea14p-149},
    {0x1.0a18a2635085dp-98, 0x1.b9e2e28e1aa54p-153},
    {0x1.259f98b4358adp-103, 0x1.eaf8c39dd9bc5p-157},
};

// 1 / (2n + 1)
static const struct pair inverse_odds[4] = {
    {0x1.0000000000000p+0, 0x0.0p+0},
    {0x1.5555555555555p-2, 0x1.5555555555555p-56},
    {0x1.999999999999ap-3, -0x1.999999999999ap-57},
    {0x1.2492492492492p-3, 0x1.2492492492492p-57},
};

// 2^(n / 32)
static const struct pair powers_of_2[32] = {
    {0x1.0000000000000p+0, 0x0.0p+0},
    {0x1.059b0d3158574p+0, 0x1.d73e2a475b465p-55},
    {0x1.0b5586cf9890fp+0, 0x1.8a62e4adc610bp-54},
    {0x1.11301d0125b51p+0, -0x1.6c51039449b3ap-54},
    {0x1.172b83c7d517bp+0, -0x1.19041b9d78a76p-55},
    {0x1.1d4873168b9aap+0, 0x1.e016e00a2643cp-54},
    {0x1.2387a6e756238p+0, 0x1.9b07eb6c70573p-54},
    {0x1.29e9df51fdee1p+0, 0x1.612e8afad1255p-55},
    {0x1.306fe0a31b715p+0, 0x1.6f46ad23182e4p-55},
    {0x1.371a7373aa9cbp+0, -0x1.63aeabf42eae2p-54},
    {0x1.3dea64c123422p+0, 0x1.ada0911f09ebcp-55},
    {0x1.44e086061892dp+0, 0x1.89b7a04ef80d0p-59},
    {0x1.4bfdad5362a27p+0, 0x1.d4397afec42e2p-56},
    {0x1.5342b569d4f82p+0, -0x1.07abe1db13cadp-55},
    {0x1.5ab07dd485429p+0, 0x1.6324c054647adp-54},
    {0x1.6247eb03a5585p+0, -0x1.383c17e40b497p-54},
    {0x1.6a09e667f3bcdp+0, -0x1.bdd3413b26456p-54},
    {0x1.71f75e8ec5f74p+0, -0x1.16e4786887a99p-55},
    {0x1.7a11473eb0187p+0, -0x1.41577ee04992fp-55},
    {0x1.82589994cce13p+0, -0x1.d4c1dd41532d8p-54},
    {0x1.8ace5422aa0dbp+0, 0x1.6e9f156864b27p-54},
    {0x1.93737b0cdc5e5p+0, -0x1.75fc781b57ebcp-57},
    {0x1.9c49182a3f090p+0, 0x1.c7c46b071f2bep-56},
    {0x1.a5503b23e255dp+0, -0x1.d2f6edb8d41e1p-54},
    {0x1.ae89f995ad3adp+0, 0x1.7a1cd345dcc81p-54},
    {0x1.b7f76f2fb5e47p+0, -0x1.5584f7e54ac3bp-56},
    {0x1.c199bdd85529cp+0, 0x1.11065895048ddp-55},
    {0x1.cb720dcef9069p+0, 0x1.503cbd1e949dbp-56},
    {0x1.d5818dcfba487p+0, 0x1.2ed02d75b3707p-55},
    {0x1.dfc97337b9b5fp+0, -0x1.1a5cd4f184b5cp-54},
    {0x1.ea4afa2a490dap+0, -0x1.e9c23179c2893p-54},
    {0x1.f50765b6e4540p+0, 0x1.9d3e12dd8a18bp-54},
};

// For m near n / 32, n = 24 ... 48: 1 / m in few bits, and minus its logarithm.
static const struct inverse inverses[25] = {
    {0x1.5580000000000p+0, {-0x1.27161913f853dp-2, -0x1.e3ec2ac9676b8p-57}},
    {0x1.4780000000000p+0, {-0x1.f871b28955045p-3, -0x1.4ad6c8812d31ap-63}},
    {0x1.3b00000000000p+0, {-0x1.a8becfc882f19p-3, 0x1.e8c37918c39ebp-58}},
    {0x1.2f80000000000p+0, {-0x1.5c940075972b9p-3, -0x1.adccb73379cc5p-58}},
    {0x1.2480000000000p+0, {-0x1.10f8e422539b1p-3, -0x1.8f798d39f1b7dp-58}},
    {0x1.1a80000000000p+0, {-0x1.9375e55595edep-4, 0x1.e463f9e4dd920p-59}},
    {0x1.1100000000000p+0, {-0x1.075983598e471p-4, -0x1.80da5333c45b8p-59}},
    {0x1.0880000000000p+0, {-0x1.0b94f7c196176p-5, -0x1.da43f761f4dc4p-59}},
    {0x1.0000000000000p+0, {0, 0}},
    {0x1.f000000000000p-1, {0x1.0415d89e74444p-5, 0x1.c05cf1d753622p-59}},
    {0x1.e200000000000p-1, {0x1.eea31c006b87cp-5, -0x1.3e4fc93b7b66cp-59}},
    {0x1.d400000000000p-1, {0x1.700d30aeac0e1p-4, -0x1.72566212cdd05p-61}},
    {0x1.c700000000000p-1, {0x1.e3707ee30487bp-4, 0x1.09ccecd579d99p-58}},
    {0x1.bb00000000000p-1, {0x1.28753bc11aba5p-3, -0x1.6394d9fa33311p-57}},
    {0x1.af00000000000p-1, {0x1.60b3100b09476p-3, -0x1.5b2623e05016bp-58}},
    {0x1.a400000000000p-1, {0x1.95a5adcf7017fp-3, 0x1.142c507fb7a3dp-58}},
    {0x1.9a00000000000p-1, {0x1.c6ffbc6f00f71p-3, -0x1.8e58b2c57a4a5p-57}},
    {0x1.9000000000000p-1, {0x1.f991c6cb3b379p-3, 0x1.f665066f980a2p-57}},
    {0x1.8600000000000p-1, {0x1.16b5ccbacfb73p-2, 0x1.66fbd28b40935p-56}},
    {0x1.7d00000000000p-1, {0x1.2e9e2bce12286p-2, 0x1.8251a3b83d97ap-62}},
    {0x1.7400000000000p-1, {0x1.4718dc271c41bp-2, 0x1.8fb4c14c56eefp-60}},
    {0x1.6c00000000000p-1, {0x1.5d5bddf595f30p-2, -0x1.6541148cbb8a2p-56}},
    {0x1.6400000000000p-1, {0x1.741d876c67bb1p-2, 0x1.84a4ee3059583p-56}},
    {0x1.5d00000000000p-1, {0x1.8873658327ccfp-2, -0x1.c43eff892d8d0p-58}},
    {0x1.5500000000000p-1, {0x1.a0325ed14fda4p-2, 0x1.efa7950fb57e7p-56}},
};

// 2 / pi in binary, after 64 zeros.
static const uint64_t two_by_pi[21] = {
    0x0000000000000000,
    0xa2f9836e4e441529,
    0xfc2757d1f534ddc0,
    0xdb6295993c439041,
    0xfe5163abdebbc561,
    0xb7246e3a424dd2e0,
    0x06492eea09d1921c,
    0xfe1deb1cb129a73e,
    0xe88235f52ebb4484,
    0xe99c7026b45f7e41,
    0x3991d639835339f4,
    0x9c845f8bbdf9283b,
    0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea,
    0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab,
    0xf0cfbc209af4361d,
};
